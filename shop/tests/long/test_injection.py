"""sqlmap tries each value that the API takes: in path, query, header and body."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from catalog.models import Product
from shop.tests.long.attacked import Attacked, hundreds
from shop.tests.long.targets import Target, Targets
from shop.tests.long.tools import tool_run
from shop.tests.routes import CONTRACT
from torture.findings import findings_record

OPTIONS = (
    *("--batch", "--level=3", "--risk=1", "--dbms=PostgreSQL"),
    # A refusal is an answer as good as any other.
    *("--ignore-code=*", "--disable-coloring", "--flush-session", "--output-dir=."),
)
# To try them all takes long: each share is a test of its own.
SHARES = 4
# Locked after some wrong passwords (test_lockout), and so asked in vain.
LOCKED = "POST /api/auth/staff/login"


class Tried(NamedTuple):
    """What sqlmap says of a target."""

    withstood: int
    found: bool


def tried(url: str, *arguments: str, folder: Path) -> Tried:
    text = tool_run("sqlmap", f"--url={url}", *OPTIONS, *arguments, folder=folder)
    return Tried(
        withstood=len(re.findall(r"does not seem to be injectable", text)),
        found="identified the following injection point" in text,
    )


def findings(
    share: int, attacked: Attacked, found: dict[str, Tried]
) -> dict[str, str | int]:
    answered = attacked.answered()
    return {
        "share": f"{share + 1} of {SHARES}",
        "routes": len(found),
        "values": sum(seen.withstood for seen in found.values()),
        "requests": answered.total(),
        **hundreds(answered),
        "injectable": sum(seen.found for seen in found.values()),
    }


def target_try(target: Target, attacked: Attacked, folder: Path) -> Tried:
    who = CONTRACT[target.route][0]
    token = attacked.tokens["staff" if who == "staff" else "shopper"]
    headers = {"Authorization": f"Bearer {token}", **target.headers}
    if target.body:
        headers["Content-Type"] = "application/json"
    return tried(
        attacked.url + target.path,
        f"--method={target.route.partition(' ')[0]}",
        *(f"--header={name}: {value}" for name, value in headers.items()),
        *([f"--data={target.body}"] if target.body else []),
        folder=folder,
    )


def targets_of(schema: dict[str, Any], rows: dict[str, list[str]]) -> list[Target]:
    """Return what is tried; PUT does what PATCH does, by the same serializers."""
    return [
        target
        for target in Targets(schema, rows)
        if target.marks and target.route != LOCKED
        if not target.route.startswith("PUT ")
    ]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("share", range(SHARES))
def test_no_value_reaches_a_statement_as_text(
    attacked: Attacked, schema: dict[str, Any], share: int, tmp_path: Path
) -> None:
    targets = targets_of(schema, attacked.rows)[share::SHARES]
    found = {one.route: target_try(one, attacked, tmp_path) for one in targets}
    rows = [findings(share, attacked, found)]
    findings_record("values_tried_by_sqlmap", rows=rows, part=str(share))
    assert {route for route, seen in found.items() if seen.found} == set()
    assert attacked.answered()[500] == 0
    # It came to its end with each value.
    withstood = {route: seen.withstood for route, seen in found.items()}
    assert withstood == {target.route: target.marks for target in targets}


def test_a_hole_is_found(
    live_server: Any,
    settings: Any,
    product_make: Callable[..., Product],
    tmp_path: Path,
) -> None:
    """The same call, against a statement that is put together of text."""
    product_make("tea")
    settings.ROOT_URLCONF = "shop.tests.long.holes"
    url = f"{live_server.url}/holes/products?keyword=tea*"
    assert tried(url, folder=tmp_path).found
