"""The policy in a real browser: what it stops, and what works under it."""

from playwright.sync_api import expect

from shop.tests.browser import MARKS, Office

pytestmark = MARKS

INJECT = "html => document.body.insertAdjacentHTML('beforeend', html)"
HOLE = "<img src='data:,' onerror='document.title = `ran`'>"
FRAME = "<iframe src='{}/admin/login/'></iframe>"


def test_markup_that_comes_through_a_hole_does_not_run(office: Office) -> None:
    office.open("")
    with office.page.expect_event("console", lambda said: said.type == "error"):
        office.page.evaluate(INJECT, HOLE)
    assert office.page.title() != "ran"
    [told] = office.faults
    assert told.startswith("Executing inline event handler violates")
    office.faults.clear()


def test_no_other_site_frames_a_page(office: Office) -> None:
    with office.page.expect_event("console", lambda said: said.type == "error"):
        office.page.set_content(FRAME.format(office.base))
    assert office.page.frames[1].url.startswith("chrome-error:")
    [told] = office.faults
    assert "frame" in told
    office.faults.clear()


def test_the_documents_show_every_route(office: Office) -> None:
    office.page.goto(f"{office.base}/api/docs", wait_until="load")
    route = office.page.get_by_text("/api/config", exact=True)
    expect(route).to_be_visible()
    route.click()
    office.page.get_by_role("button", name="Try it out").click()
    office.page.get_by_role("button", name="Execute").click()
    expect(office.page.get_by_text("Response body").first).to_be_visible()
