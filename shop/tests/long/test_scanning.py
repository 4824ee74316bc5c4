"""wapiti goes through the admin, logged in, and through the API by its schema."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse

from shop.tests.admin_routes import routes_of
from shop.tests.long.attacked import Attacked, hundreds
from shop.tests.long.tools import tool_run
from torture.findings import findings_record

# What a request can do. Headers, cookies and policies have tests of their own, and ssrf
# would call a host outside.
MODULES = "crlf,csrf,exec,file,permanentxss,redirect,sql,xss"
# The time of each module. Those who have an hour give more: WAPITI_SECONDS=600.
ATTACK_SECONDS = int(os.environ.get("WAPITI_SECONDS", "15"))
CRAWL_SECONDS = 60
# Of two scans, each with its crawl and its modules.
WHOLE_SECONDS = 600 + 20 * ATTACK_SECONDS
# It notes in a file what it has tried. Now and then a module whose time is over leaves
# that file locked for the next one.
LOCKED = "sqlite3.OperationalError: database is locked"
# They would end the login, or change who is logged in.
LEFT_OUT = ("logout", "password_change", "second_factor", "accounts/staff")


def scanned(url: str, *arguments: str, folder: Path) -> dict[str, Any]:
    """Scan what is below a URL; return wapiti's report."""
    report = folder / "wapiti.json"
    tool_run(
        "wapiti",
        *(f"--url={url}", f"--module={MODULES}", "--scope=folder", "--level=1"),
        *(f"--max-scan-time={CRAWL_SECONDS}", f"--max-attack-time={ATTACK_SECONDS}"),
        *("--format=json", f"--output={report}", "--flush-session", "--no-bugreport"),
        *(f"--store-session={folder}", f"--store-config={folder}", "--verbose=2"),
        f"--log={folder / 'wapiti.log'}",
        *arguments,
        folder=folder,
        fault=LOCKED,
    )
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def told(report: dict[str, Any]) -> dict[str, list[str]]:
    """Return what wapiti calls a weakness or a fault, each with its places."""
    return {
        name: sorted({f"{one['method']} {one['path']} {one['info']}" for one in places})
        for kind in ("vulnerabilities", "anomalies")
        for name, places in report[kind].items()
        if places
    }


def kept(site: str, attacked: Attacked, report: dict[str, Any]) -> None:
    """Record how often the shop was asked, by its own log."""
    found = told(report)
    answered = attacked.answered()
    row = {
        "site": site,
        "pages": report["infos"]["crawled_pages_nbr"],
        "requests": answered.total(),
        **hundreds(answered),
        "findings": sum(map(len, found.values())),
    }
    findings_record("sites_scanned_by_wapiti", rows=[row], part=site)
    assert found == {}
    assert answered[500] == 0


@pytest.mark.timeout(WHOLE_SECONDS)
def test_the_admin_withstands(attacked: Attacked, tmp_path: Path) -> None:
    pages = [
        f"{reverse(f'admin:{route.name}')}?q=tea"
        for model in admin.site._registry
        for route in routes_of(model)
        if route.name.endswith(("_changelist", "_add"))
    ]
    report = scanned(
        f"{attacked.url}/admin/",
        f"--cookie-value={attacked.cookie}",
        *("--depth=1", "--max-links-per-page=1"),
        *(f"--start={attacked.url}{path}" for path in pages),
        *(f"--exclude={attacked.url}/admin/{path}*" for path in LEFT_OUT),
        folder=tmp_path,
    )
    kept("admin", attacked, report)
    assert report["infos"]["crawled_pages_nbr"] > 20


@pytest.mark.timeout(WHOLE_SECONDS)
def test_the_api_withstands(
    attacked: Attacked, schema: dict[str, Any], tmp_path: Path
) -> None:
    published = tmp_path / "schema.json"
    published.write_text(json.dumps(schema | {"servers": [{"url": attacked.url}]}))
    report = scanned(
        f"{attacked.url}/api/",
        f"--swagger={published}",
        f"--header=Authorization: Bearer {attacked.tokens['shopper']}",
        folder=tmp_path,
    )
    kept("api", attacked, report)


@pytest.mark.timeout(WHOLE_SECONDS)
def test_holes_are_found(live_server: Any, settings: Any, tmp_path: Path) -> None:
    """The same call, against pages that say and do what they are told."""
    settings.ROOT_URLCONF = "shop.tests.long.holes"
    report = scanned(f"{live_server.url}/holes/", folder=tmp_path)
    found = told(report)
    assert found.keys() == {"Internal Server Error", "Reflected Cross Site Scripting"}
