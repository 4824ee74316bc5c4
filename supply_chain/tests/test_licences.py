"""The page of licences, and what is refused."""

import pytest

from supply_chain import licences
from supply_chain.licences import (
    COMPATIBLE,
    PAGE,
    READ,
    LicenceError,
    licence_of,
    page,
    parts,
)
from supply_chain.pins import DEVELOPMENT, pins_read


def test_the_page_is_what_the_packages_say() -> None:
    assert PAGE.read_text() == page(), "run make licences"


def test_every_licence_goes_with_the_shops_own() -> None:
    names = pins_read(DEVELOPMENT).keys()
    # A page of hand-written licences would say nothing.
    assert READ.keys() <= names
    assert len(READ) < len(names) / 5
    asked = {part for name in names for part in parts(licence_of(name))}
    assert asked == COMPATIBLE.keys()
    assert licence_of("psycopg") == "LGPL-3.0-only"


def test_a_package_that_is_not_there_is_read_by_hand() -> None:
    with pytest.raises(LicenceError, match="no-such-package is not installed"):
        licence_of("no-such-package")


def test_a_licence_that_nobody_has_judged_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Not taken out of it: put back, it would stand last on the page.
    others = {name: why for name, why in COMPATIBLE.items() if name != "LGPL-3.0-only"}
    monkeypatch.setattr(licences, "COMPATIBLE", others)
    with pytest.raises(LicenceError, match="psycopg says .*is it compatible"):
        licence_of("psycopg")
