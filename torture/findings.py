"""The findings of the tests that take long: a table of each, kept in files."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from shop.devstack.programs import PROJECT

# Of the last run; those that the page is made of are kept in RESULTS.
FINDINGS = PROJECT / ".data" / "torture"
RESULTS = PROJECT / "torture" / "results"
SUFFIX = ".json"

Cell: TypeAlias = str | int | float
Row: TypeAlias = Mapping[str, Cell]


def findings_folder() -> Path:
    """Return where this run keeps its findings."""
    return Path(os.environ.get("TORTURE_RESULTS") or FINDINGS).absolute()


def findings_record(name: str, *, rows: Sequence[Row], part: str = "") -> None:
    """Keep the rows of the table of that name, or of one part of it.

    All rows have the same columns. Tests that run side by side and share a table give
    it a part each; the table holds the parts in the order of their names.

    Raises: ValueError for a name or rows of which no table can be made.
    """
    if not re.fullmatch(r"[a-z_]+", name):
        raise ValueError(f"{name!r} is no name of a table: letters and _ alone")
    if not rows or any(row.keys() != rows[0].keys() for row in rows):
        raise ValueError(f"{name}: rows of the same columns are wanted, one or more")
    folder = findings_folder()
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps([dict(row) for row in rows], ensure_ascii=False, indent=1)
    file_name = f"{name}.{part}" if part else name
    (folder / f"{file_name}{SUFFIX}").write_text(f"{text}\n")


def findings_read(folder: Path) -> dict[str, list[Row]]:
    """Return the rows of each table of a folder, by its name."""
    tables: dict[str, list[Row]] = {}
    for path in files_of(folder):
        name = path.name.partition(".")[0]
        tables.setdefault(name, []).extend(json.loads(path.read_text()))
    return tables


def findings_forget() -> None:
    """Remove what an earlier run has found."""
    for path in files_of(findings_folder()):
        path.unlink()


def findings_keep(results: Path = RESULTS) -> None:
    """Take the findings of the last run over; a table of it replaces the old one."""
    found = files_of(findings_folder())
    names = {path.name.partition(".")[0] for path in found}
    for path in files_of(results):
        if path.name.partition(".")[0] in names:
            path.unlink()
    for path in found:
        (results / path.name).write_text(path.read_text())


def files_of(folder: Path) -> list[Path]:
    """Return the files of findings, in the order of their names."""
    return sorted(folder.glob(f"*{SUFFIX}"))
