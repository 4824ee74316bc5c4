"""Every table has its place in docs/operations.md: deleted some day, or kept."""

import re
from collections import Counter

from django.apps import apps
from procrastinate.contrib.django import app

from shop.devstack.programs import PROJECT
from shop.environment import settings_read

from .test_docs import code

PAGE = PROJECT / "docs" / "operations.md"


def table_of(head: str) -> list[list[str]]:
    """Return the cells below that row of heads."""
    text = PAGE.read_text().partition(f"{head}\n|---|---|---|\n")[2]
    lines = text.partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


DELETED = table_of("| tables | deleted after | by |")
KEPT = table_of("| tables | kept | why |")


def test_every_table_is_listed_once() -> None:
    listed = Counter(name for row in DELETED + KEPT for name in code(row[0]))
    models = apps.get_models(include_auto_created=True)
    tables = {one._meta.label for one in models if not one._meta.proxy}
    assert listed == Counter(tables)


def test_what_is_deleted_has_a_job_that_runs_by_the_clock() -> None:
    running = {one.task.name for one in app.periodic_registry.periodic_tasks.values()}
    for _, _, jobs in DELETED:
        assert code(jobs)
        assert set(code(jobs)) <= running


def test_what_is_kept_has_its_reason() -> None:
    for _, kept, why in KEPT:
        assert kept in {
            *("for ever", "until staff delete them"),
            *("as long as the account", "empty"),
        }
        assert why


def test_settings_are_named_with_their_defaults() -> None:
    found = {
        (name, default)
        for _, after, _ in DELETED
        for name, default in re.findall(r"`(\w+)` \((\d+)\)", after)
    }
    read = settings_read()
    assert found == {(name, read[name]) for name, _ in found}
    # Each of them is used, and no other is there.
    keeping = {name for name in read if name.endswith("_KEEP_DAYS")}
    assert {name for name, _ in found} == keeping | {"LOCKOUT_MINUTES"}
