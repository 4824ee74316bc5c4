"""Tables below the fields of a desk's page."""

from dataclasses import dataclass
from typing import Any

# A desk's `change_form_outer_after_template`; it shows the context's `tables`.
TABLES_TEMPLATE = "admin/tables.html"


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; each row has a cell for each header."""

    title: str
    headers: list[str]
    rows: list[list[Any]]
