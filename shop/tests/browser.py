"""The back office in a real browser, with staff before it.

SHOP_SCREENSHOTS names a folder that keeps what the browser saw, for the documents.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

# As patient as Playwright is with all else: the machine may be busy.
expect.set_options(timeout=30_000)

CHROMIUM = Path("/usr/bin/chromium")
# Without these a browser asks its maker's hosts at each start.
QUIET = (
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-gpu",
    "--no-sandbox",
    # It would start a process for its own buttons with each page. The others are of
    # Playwright's list, which this one takes the place of.
    "--disable-features=PreloadTopChromeWebUI,HttpsUpgrades,PaintHolding,"
    "DestroyProfileOnBrowserClose,MediaRouter,OptimizationHints",
)


class View(NamedTuple):
    """The size of a screen and the theme that its system prefers."""

    width: int
    height: int
    theme: Literal["light", "dark"]


VIEWS = {
    "desktop-light": View(1280, 800, "light"),
    "desktop-dark": View(1280, 800, "dark"),
    "phone-light": View(390, 844, "light"),
    "phone-dark": View(390, 844, "dark"),
}
# A module of browser tests has it as its `pytestmark`.
MARKS = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's chromium"),
    # One browser at a time.
    pytest.mark.xdist_group("browser"),
    pytest.mark.timeout(300),
    # Playwright keeps an event loop in this thread, in which Django sees danger.
    pytest.mark.usefixtures("_async_unsafe"),
]
# A job is walked through on a desktop in daylight, and the long ones on a phone at
# night too, by test_browser_phones.py of the long run.
on_phone = pytest.mark.parametrize("office", ["phone-dark"], indirect=True)


class Office:
    """A page of the admin, with somebody logged in before it.

    Whatever a script or the console complains of, a dialog, an answer of 400 and more
    and a request to another host fail the test at its end.
    """

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", lambda dialog: self.faults.append(dialog.message))
        page.on("console", self._console)
        page.on("request", lambda request: self._requested(request.url))

    def sit(self, user: Any) -> None:
        """Let somebody else log in, without the form."""
        client = Client()
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.page.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": self.base}]
        )

    def look(self, view: str) -> None:
        """Change the screen."""
        width, height, theme = VIEWS[view]
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme=theme)

    def everywhere(self, path: str, name: str = "") -> None:
        """Open a page on every screen, on which it must fit."""
        for view in VIEWS:
            self.look(view)
            self.open(path)
            assert self.fits(), f"{path} is too wide for {view}"
            if name:
                self.shot(f"{name}-{view}")

    def open(self, path: str) -> None:
        self.page.goto(f"{self.base}/admin/{path}", wait_until="load")

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.fill(f"[name='{name}']", value)

    def choose(self, box: str, word: str, name: str) -> None:
        """Type into a box of suggestions, and take the one that is left.

        Until it has looked for the word it offers what it found for none: a click
        there goes nowhere when the list changes under it.
        """
        self.page.locator(box).click()
        # All at once: it looks again after each letter.
        self.page.locator(".select2-container--open .select2-search__field").fill(word)
        offered = self.page.locator(".select2-results__option")
        expect(offered).to_have_text([re.compile(re.escape(name))])
        offered.click()

    def press(self, text: str) -> None:
        """Press a button that leads to another page, and wait for it."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.get_by_role("button", name=text, exact=True).click()

    def follow(self, selector: str) -> None:
        """Follow the first link that the selector finds."""
        with self.page.expect_navigation(wait_until="load"):
            self.page.locator(selector).first.click()

    def act(self, path: str) -> None:
        """Follow an action's link; on a phone the actions are behind a button."""
        link = self.page.locator(f"a[href$='{path}']").first
        if not link.is_visible():
            self.page.get_by_text("more_horiz", exact=True).click()
        with self.page.expect_navigation(wait_until="load"):
            link.click()

    @property
    def width(self) -> int:
        """The screen's, in pixels."""
        size = self.page.viewport_size
        assert size is not None
        return size["width"]

    def fits(self) -> bool:
        """Tell whether the page needs no scrolling to the side."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth")
        return width <= self.width

    def shot(self, name: str) -> None:
        if folder := os.environ.get("SHOP_SCREENSHOTS"):
            self.page.wait_for_load_state("networkidle")
            self.page.screenshot(path=Path(folder) / f"{name}.png")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"{message.text} {message.location}")

    def _requested(self, url: str) -> None:
        if not url.startswith((self.base, "data:", "blob:")):
            self.faults.append(f"unexpected request: {url}")


@pytest.fixture(scope="module")
def _async_unsafe() -> Iterator[None]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def browser(_async_unsafe: None) -> Iterator[Browser]:
    """Run a browser for a module: its event loop must be gone for tests that follow."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def office(request: Any, browser: Browser, shop_server: Any) -> Iterator[Office]:
    """Sit down as the owner, on a desktop in daylight unless a parameter says else."""
    owner = get_user_model().objects.create_superuser("owner", "a-long-password-9")
    page = browser.new_page(locale="zh-CN", timezone_id="Asia/Shanghai")
    office = Office(page, shop_server.url)
    office.look(getattr(request, "param", "desktop-light"))
    office.sit(owner)
    yield office
    page.close()
    assert office.faults == []
