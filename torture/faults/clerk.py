"""Clerks: they ship orders and grant refunds in the back office."""

import re
from typing import Any

import requests

from shop.devstack.tests.mini_program import PageForm
from torture.faults.errands import Errand
from torture.faults.journal import Deed, Journal
from torture.faults.line import Line
from torture.faults.place import Place

# Desk and action of the page of each errand.
_PAGES = {
    Deed.SHIPPED: ("orders/order", "ship"),
    Deed.GRANTED: ("orders/refund", "approve"),
}
_LOGIN = "/login/"


class Clerk:
    """One clerk before the back office."""

    def __init__(self, place: Place, journal: Journal, line: Line) -> None:
        self._admin = f"{place.shop}/admin"
        self._account = place.staff
        self._journal = journal
        self._line = line

    def login(self) -> None:
        """Log in; again, after the session was lost.

        Raises: GaveUp.
        """
        name, password = self._account
        while not self._fill(
            f"{self._admin}{_LOGIN}", username=name, password=password
        ):
            self._line.wait()

    def do(self, errand: Errand) -> None:
        """Do an errand; one that turns out to be done was acknowledged to nobody.

        Raises: GaveUp.
        """
        desk, action = _PAGES[errand.deed]
        row = self._found(desk, errand.number)
        url = f"{self._admin}/{desk}/{row}/{action}/"
        fields = parcel_of(errand.number) if errand.deed == Deed.SHIPPED else {}
        while True:
            page = self._open(url)
            if page.url != url:
                return
            if self._send(page, **fields):
                proof = fields.get("tracking_no", "")
                self._journal.note(errand.deed, errand.number, proof=proof)
                return
            self._line.wait()

    def _found(self, desk: str, number: str) -> str:
        """Return the id of the one row that a desk's search finds."""
        while True:
            page = self._open(f"{self._admin}/{desk}/", params={"q": number})
            rows = set(re.findall(rf'href="/admin/{desk}/(\d+)/change/', page.text))
            if len(rows) == 1:
                return str(rows.pop())
            self._journal.surprise(f"{len(rows)} rows of {desk} are found by {number}")
            self._line.wait()

    def _open(self, url: str, **query: Any) -> requests.Response:
        """Return a page; after a lost session it takes a login."""
        while True:
            page = self._line.send("GET", url, **query)
            if page is not None and _LOGIN not in page.url:
                return page
            if page is not None:
                self.login()
            self._line.wait()

    def _fill(self, url: str, **fields: str) -> bool:
        page = self._line.send("GET", url)
        return page is not None and self._send(page, **fields)

    def _send(self, page: requests.Response, **fields: str) -> bool:
        """Send a page's form, filled in; say whether it led on."""
        data = PageForm(page.text).data | fields
        answer = self._line.send("POST", page.url, data=data, allow_redirects=False)
        return (
            answer is not None
            and answer.status_code == 302
            and _LOGIN not in answer.headers["Location"]
        )


def parcel_of(number: str) -> dict[str, str]:
    """Return the fields of the one parcel that an order leaves in."""
    return {"carrier": "SF", "tracking_no": f"SF{number}"}
