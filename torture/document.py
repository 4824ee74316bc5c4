"""docs/reliability.md, made of the notes and of the findings that are kept."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from shop.devstack.programs import PROJECT
from torture.findings import RESULTS, Cell, Row, findings_read

NOTES = PROJECT / "torture" / "notes.md"
PAGE = PROJECT / "docs" / "reliability.md"
HEAD = "<!-- Made by `make reliability`; write into torture/notes.md. -->\n"
# Alone in its line of the notes.
PLACE = re.compile(r"^\{\{([a-z_]+)\}\}$", re.MULTILINE)


def document_write() -> None:
    """Write the page."""
    PAGE.write_text(page_make(NOTES.read_text(), RESULTS))


def page_make(notes: str, results: Path) -> str:
    """Return the page, in Markdown: the notes, each table in its place.

    Raises: KeyError when the notes name a table that was never kept.
    """
    tables = findings_read(results)
    filled = PLACE.sub(lambda place: table_make(tables[place.group(1)]), notes)
    return f"{HEAD}\n{filled}"


def tables_make(tables: Mapping[str, Sequence[Row]]) -> str:
    """Return all tables, each below its name."""
    return "\n\n".join(f"{name}\n\n{table_make(rows)}" for name, rows in tables.items())


def table_make(rows: Sequence[Row]) -> str:
    """Return the rows as a table in Markdown; numbers stand on the right."""
    columns = list(rows[0])
    lines = [
        columns,
        ["---" if isinstance(rows[0][name], str) else "---:" for name in columns],
        *([_text(row[name]) for name in columns] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell.replace("|", "\\|")
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:,.2f}"
