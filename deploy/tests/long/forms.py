"""Forms of the admin, as a browser sends them, from an address that makes others up."""

from urllib.parse import urlencode

from deploy.tests.site import Answer, Site

CSRF = "c" * 32
FORM = {
    "Content-Type": "application/x-www-form-urlencoded",
    "Cookie": f"csrftoken={CSRF}",
}


def made_up(number: int) -> dict[str, str]:
    """Return what a guesser says of himself, another address each time."""
    address = f"203.0.113.{number % 250}"
    return {"X-Forwarded-For": address, "X-Real-IP": address}


def by_form(site: Site, path: str, source: str, number: int, **fields: str) -> Answer:
    body = urlencode({"csrfmiddlewaretoken": CSRF, **fields})
    sent = FORM | made_up(number) | {"Referer": f"{site.url}{path}"}
    return site.call("POST", path, body, sent, source=source)
