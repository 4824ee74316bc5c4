"""The admin speaks Chinese, unfold's own words included."""

import re
from gettext import GNUTranslations
from typing import Any

from django.conf import settings
from django.test import Client

from accounts.models import User
from orders.jobs import orders_autoconfirm

FOLDER = settings.BASE_DIR / "shop" / "locale" / "zh_Hans" / "LC_MESSAGES"


def test_the_compiled_words_are_those_that_are_written() -> None:
    text = (FOLDER / "django.po").read_text()
    written = dict(re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', text, re.MULTILINE))
    with (FOLDER / "django.mo").open("rb") as file:
        catalog: Any = GNUTranslations(file)
    compiled = {
        key: value
        for key, value in catalog._catalog.items()
        if isinstance(key, str) and key
    }
    assert compiled == written


def test_no_english_greets_staff(staff: User) -> None:
    client = Client()
    pages = [client.get("/admin/login/")]
    client.force_login(staff)
    jobs = "/admin/procrastinate/procrastinatejob/"
    job_id = orders_autoconfirm.configure(schedule_in={"days": 1}).defer(timestamp=0)
    urls = ("/admin/", "/admin/auth/group/?q=nothing", jobs, f"{jobs}{job_id}/change/")
    pages += [client.get(url) for url in urls]
    for page in pages:
        text = page.content.decode()
        for english in (
            *("Procrastinate", "procrastinate job", "Task name", ">Id<"),
            "Welcome back",
            "Type to search",
            "No results found",
        ):
            assert english not in text
