"""No migration locks a table for long, or breaks the program that still runs.

squawk reads the SQL. What waits for a lock gives up after two seconds, whatever it is:
shop/tests/test_migrate.py.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations import RunPython
from django.db.migrations.state import ProjectState

from torture.findings import findings_record

OUR_APPS = {"shop", "accounts", "catalog", "orders"}
SQUAWK = Path(sys.executable).with_name("squawk")
# What is no matter of locks, or is so for all of them, and why.
LEFT_OUT = {
    "require-lock-timeout": "the migrate command sets it",
    "require-statement-timeout": "an index takes as long as it takes",
    "adding-foreign-key-constraint": "a new column or table holds nothing to look for;"
    " on an old one constraint-missing-not-valid tells",
    "prefer-robust-stmts": "Django writes down what has been done",
    "prefer-text-field": "lengths are part of the API",
    "prefer-bigint-over-int": "none of them is an id",
    "prefer-bigint-over-smallint": "none of them is an id",
}
# What squawk finds all the same, and why it is right there.
WIDER = "one that allows more has taken its place"
EXCEPTIONS = {
    ("catalog.0002_search", "require-concurrent-index-creation"): (
        "the first release's: no shop had a product before it"
    ),
    ("catalog.0013_search_newest_required", "ban-drop-constraint"): (
        "it was there to let SET NOT NULL go without a scan"
    ),
    ("orders.0005_refunds", "ban-drop-constraint"): WIDER,
    ("orders.0008_failed_jobs", "require-concurrent-index-creation"): (
        "the queue is short: what is done is deleted"
    ),
    ("orders.0017_refund_grants", "ban-drop-constraint"): WIDER,
    ("orders.0030_refund_returns", "ban-drop-constraint"): WIDER,
    ("orders.0031_refund_returns_kept", "require-concurrent-index-deletion"): (
        "a unique index over the open refunds alone, gone within a moment"
    ),
    ("orders.0037_coupon_claim_key", "require-concurrent-index-creation"): (
        "coupons are as new as it, and no claim has a key before it"
    ),
    ("shop.0003_sheet_rights", "require-concurrent-index-creation"): (
        "sheets are few, and old ones are deleted"
    ),
}
# Python, of which there is no SQL to read; each commits in parts or writes a few rows.
IN_PYTHON = {
    "catalog.0012_search_newest_fill",
    "orders.0021_roles",
    "orders.0038_roles_of_new_desks",
}
CREATED = re.compile(r'^CREATE TABLE "(\w+)"', re.MULTILINE)


def migrations() -> Iterator[tuple[Migration, ProjectState]]:
    """Yield every migration with the models before it, and take them along."""
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    state = executor._create_project_state(with_applied_migrations=False)
    for migration, _ in executor.migration_plan(leaves, clean_start=True):
        yield migration, state


def sql_of(migration: Migration, state: ProjectState) -> str:
    """Return what the migration would do, as sqlmigrate shows it; change the models."""
    with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        migration.apply(state, editor, collect_sql=True)
    lines = editor.collected_sql
    return "\n".join(["BEGIN;", *lines, "COMMIT;"] if migration.atomic else lines)


def squawk(*files: Path) -> list[dict[str, Any]]:
    """Return what squawk finds in the files."""
    options = ["--pg-version=18", "--reporter=json", f"--exclude={','.join(LEFT_OUT)}"]
    done = subprocess.run(
        [SQUAWK, *options, *files], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def is_of_a_new_table(finding: dict[str, Any]) -> bool:
    """Say whether the statement is about a table that the same migration makes."""
    text = Path(finding["file"]).read_text()
    statement = text.splitlines()[finding["line"]]
    return any(f'ALTER TABLE "{table}"' in statement for table in CREATED.findall(text))


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.timeout(300)
def test_no_migration_locks_a_table_for_long(tmp_path: Path) -> None:
    in_python = set()
    for migration, state in migrations():
        sql = sql_of(migration, state)
        if migration.app_label in OUR_APPS:
            (tmp_path / f"{migration}.sql").write_text(sql)
            if any(isinstance(step, RunPython) for step in migration.operations):
                in_python.add(str(migration))
    files = sorted(tmp_path.iterdir())
    assert len(files) > 60
    found = [one for one in squawk(*files) if not is_of_a_new_table(one)]
    assert {
        (Path(one["file"]).stem, one["rule_name"]) for one in found
    } == EXCEPTIONS.keys(), "\n".join(map(str, found))
    assert in_python == IN_PYTHON
    row = {
        "migrations read": len(files),
        "statements": sum(one.read_text().count(";\n") for one in files),
        "right all the same, each with its reason": len(EXCEPTIONS),
        "other findings": 0,
        "in Python, read by people": len(IN_PYTHON),
    }
    findings_record("migration_locks", rows=[row])


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("ADD COLUMN b integer NOT NULL", "adding-required-field"),
        ("ALTER COLUMN b SET NOT NULL", "adding-not-nullable-field"),
        ("ALTER COLUMN b DROP DEFAULT", "ban-drop-default"),
        ("ALTER COLUMN b TYPE text", "changing-column-type"),
        ("ADD CONSTRAINT c CHECK (b > 0)", "constraint-missing-not-valid"),
        (
            "ADD CONSTRAINT c FOREIGN KEY (b) REFERENCES z (id)",
            "constraint-missing-not-valid",
        ),
        ("ADD CONSTRAINT c UNIQUE (b)", "disallowed-unique-constraint"),
        ("DROP COLUMN b", "ban-drop-column"),
        ("RENAME COLUMN b TO c", "renaming-column"),
        ("RENAME TO b", "renaming-table"),
    ],
)
def test_what_locks_or_breaks_is_found(
    tmp_path: Path, statement: str, rule: str
) -> None:
    file = tmp_path / "bad.sql"
    file.write_text(f"BEGIN;\nALTER TABLE a {statement};\nCOMMIT;")
    assert rule in [one["rule_name"] for one in squawk(file)]


def test_indexes_that_lock_and_tables_that_go_are_found(tmp_path: Path) -> None:
    file = tmp_path / "bad.sql"
    file.write_text("CREATE INDEX i ON a (b);\nDROP INDEX j;\nDROP TABLE c;")
    assert [one["rule_name"] for one in squawk(file)] == [
        "require-concurrent-index-creation",
        "require-concurrent-index-deletion",
        "ban-drop-table",
    ]
