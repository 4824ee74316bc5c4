"""Every page of the back office in a real browser, with a script in every text."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.db.models import CharField, JSONField, Model, TextField

from accounts.models import User
from catalog.models import Product
from catalog.rich_text import rich_text
from shop.api.tests.pictures import picture
from shop.tests.admin_world import World
from shop.tests.browser import MARKS, Office
from shop.tests.long.test_admin_statements import LEADS_ON, SHUT, urls_of
from torture.findings import findings_record

pytestmark = MARKS

# Out of an attribute, an element, a text area, an expression of Alpine's; the shortest
# columns hold the first two.
SCRIPT = (
    "'-__xss()-'\"><img src=x onerror=__xss()><script>__xss()</script></textarea>"
    "<svg/onload=__xss()>${__xss()}{{__xss()}}&lt;img src=x onerror=__xss()&gt;"
)
TOLD = "a stored text ran"
WATCH = f"window.__xss = () => console.error({TOLD!r})"
PICTURE = picture("PNG")
# Of Django's own rights nobody writes the names, and they stay from test to test.
APPS = {"accounts", "admin", "axes", "catalog", "orders", "shop"}
# What the shop writes itself, and reads again: keys, names of states and of kinds.
MACHINES = {
    *("codename", "desk", "idempotency_key", "kind", "object_id", "parameters"),
    *("password", "query", "refresh_jti", "request_hash", "session_key_encrypted"),
    *("from_state", "from_status", "to_state", "to_status", "rows", "target"),
}
PICTURES = {"avatar", "file", "icon", "image"}
# HTML, which is stored as the services have cleaned it.
RICH = "description"
# Where files are sent, each with hostile ones: catalog/tests/test_upload_corpus.py,
# and for sheets shop/tests/test_sheet_files.py.
DOORS = {
    *("file", "icon-upload", "image-upload", "pictures-upload"),
    "skus-0-image-upload",
}
FILES, NAMES = "input[type=file]", "inputs => inputs.map((input) => input.name)"
# What a browser saves.
NO_PAGES = {"shop_sheettask_download", "shop_sheettask_template"}


def columns() -> Iterator[tuple[type[Model], list[Any]]]:
    """Yield each table with the texts in it that people write."""
    for model in apps.get_models():
        if model._meta.app_label in APPS and not model._meta.proxy:
            fields = [
                field
                for field in model._meta.local_concrete_fields
                if isinstance(field, (CharField, TextField, JSONField))
                and not (field.choices or field.unique or field.name in MACHINES)
            ]
            if fields:
                yield model, fields


def texts_replace() -> int:
    """Write a script into every text of every row; return how many columns have one."""
    count = 0
    for model, fields in columns():
        rows = model._base_manager.all()
        for row in rows:
            texts = {field.name: script_for(field, row) for field in fields}
            model._base_manager.filter(pk=row.pk).update(**texts)
        count += len(fields) if rows else 0
    return count


def script_for(field: Any, row: Model) -> Any:
    """Return a text that differs from row to row; JSON with each of its texts so."""
    if isinstance(field, JSONField):
        return replaced(getattr(row, field.attname))
    if field.name == RICH:
        return rich_text(SCRIPT)
    folder = "uploads/" if field.name in PICTURES else ""
    return f"{folder}{row.pk}{SCRIPT}"[: field.max_length]


def replaced(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: replaced(one) for key, one in value.items()}
    if isinstance(value, list):
        return [replaced(one) for one in value]
    return SCRIPT if isinstance(value, str) else value


class Walk:
    """Someone who opens page after page, and notes what each browser complains of."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.opened = 0
        self.showing: set[str] = set()
        self.doors: set[str] = set()
        self.faults: dict[str, list[str]] = {}
        office.page.add_init_script(WATCH)
        office.page.route(
            f"{office.base}/media/**",
            lambda route: route.fulfill(body=PICTURE, content_type="image/png"),
        )

    def open(self, name: str, path: str) -> None:
        self.office.page.goto(f"{self.office.base}{path}", wait_until="load")
        self.opened += 1
        if "__xss()" in self.office.page.content():
            self.showing.add(name)
        names = self.office.page.eval_on_selector_all(FILES, NAMES)
        self.doors |= {re.sub(r"skus-\w+-", "skus-0-", name) for name in names}
        if self.office.faults:
            self.faults[f"{name} {path}"] = self.office.faults[:]
            self.office.faults.clear()


@pytest.mark.timeout(900)
def test_no_page_runs_what_stands_in_a_column(
    office: Office, product_make: Callable[..., Product]
) -> None:
    clerk = User.objects.create_user("clerk", "a-long-password-9")
    clerk.user_permissions.set(Permission.objects.all())
    world = World(1, 1, product_make)
    columns_written = texts_replace()
    assert columns_written > 80
    office.sit(clerk)
    walk = Walk(office)
    urls = urls_of(world)
    for name in sorted(urls.keys() - LEADS_ON - SHUT - NO_PAGES):
        walk.open(name, urls[name])
        if name.endswith("_changelist"):
            walk.open(name, f"{urls[name]}?q={quote(SCRIPT)}")
    walk.open("admin:search", f"{urls['admin:index']}search/?s={quote(SCRIPT)}")
    walk.open("documents", "/api/docs")
    assert walk.faults == {}
    # Forms of their own and pages to add something show none.
    assert len(walk.showing) > 130
    assert walk.doors == DOORS
    findings_record(
        "scripts_as_texts",
        part="tables",
        rows=[
            {
                "written": f"into {columns_written} columns; searched for",
                "pages opened": walk.opened,
                "pages that show it": len(walk.showing),
                "complaints of the browser": len(walk.faults),
            }
        ],
    )
