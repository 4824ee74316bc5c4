"""What a kind of sheet is: its columns, what its rows mean, who may send them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar

from django.conf import settings
from django.utils.module_loading import import_string
from import_export.fields import Field
from import_export.resources import Resource
from import_export.widgets import Widget
from rest_framework import serializers

from shop.models import SheetDirection
from shop.sheets.cells import text_plain


class Ruled(Widget):
    """A cell that a field of the API checks and words."""

    def __init__(self, rule: serializers.Field[Any, Any, Any, Any]) -> None:
        super().__init__()
        self.rule = rule

    def __deepcopy__(self, memo: Any) -> "Ruled":
        """Stay as it is: a copied rule would have lost its messages."""
        return self

    def clean(self, value: str, row: Any = None, **kwargs: Any) -> Any:
        """Return what a text means.

        Raises: ValueError, with a Chinese message.
        """
        try:
            return self.rule.run_validation(value)
        except serializers.ValidationError as error:
            raise ValueError(_first_text(error.detail)) from None


def _first_text(detail: Any) -> str:
    while isinstance(detail, (list, dict)):
        detail = next(iter(detail.values() if isinstance(detail, dict) else detail))
    return str(detail)


def rule(
    serializer: type[serializers.Serializer[Any]], name: str
) -> serializers.Field[Any, Any, Any, Any]:
    """Return a field of a serializer, which has given it its Chinese messages."""
    return serializer().fields[name]


class Column(Field):
    """A column of a sheet: its name, and what the template says of it."""

    def __init__(
        self,
        name: str,
        widget: Widget | None = None,
        *,
        attribute: str | None = None,
        is_needed: bool = False,
        is_number: bool = False,
        hint: str = "",
        example: str = "",
    ) -> None:
        super().__init__(attribute=attribute, column_name=name, widget=widget)
        self.name = name
        self.is_needed = is_needed
        self.is_number = is_number
        self.hint = hint
        self.example = example


@dataclass(frozen=True, slots=True)
class Row:
    """A row of an uploaded sheet: texts by column, and faults of cells."""

    number: int
    cells: dict[str, str]
    faults: dict[str, str]


# Rows that are written together, or not at all.
Unit = list[Row]


class Verdict(StrEnum):
    """What a row does."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Change:
    """What a cell changes."""

    column: str
    old: str
    new: str


@dataclass(slots=True)
class Finding:
    """What a check has found out about a row."""

    row: Row
    name: str = ""
    verdict: Verdict = Verdict.UNCHANGED
    changes: list[Change] = field(default_factory=list)
    # Column and message.
    problems: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, column: str, message: str) -> None:
        """Note what is wrong, a cell once."""
        self.verdict = Verdict.BAD
        if not self.is_refused(column):
            self.problems.append((column, message))

    def is_refused(self, column: str) -> bool:
        """Tell whether something is wrong with a cell."""
        return any(column == known for known, _ in self.problems)

    def begin(self) -> None:
        """Note that the row is of something new."""
        if self.verdict != Verdict.BAD:
            self.verdict = Verdict.NEW

    def change(self, column: str, old: Any, new: Any) -> None:
        """Note what a cell changes."""
        self.changes.append(Change(column, str(old), str(new)))
        if self.verdict == Verdict.UNCHANGED:
            self.verdict = Verdict.CHANGED


@dataclass(slots=True)
class Checked:
    """What a check has found out about a unit, and what `write` needs to write it."""

    findings: list[Finding]
    arguments: Any = None

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing is wrong with any row."""
        return all(one.verdict != Verdict.BAD for one in self.findings)

    @property
    def changes_something(self) -> bool:
        """Tell whether some row is new or differs."""
        return any(
            one.verdict in (Verdict.NEW, Verdict.CHANGED) for one in self.findings
        )


class SheetKind(Resource):
    """A kind of sheet; its columns are declared as a Resource's fields are.

    One is made for each task, for the person who made it.
    """

    # A page shows the kind itself; Django would make one to show that.
    do_not_call_in_templates: ClassVar[bool] = True

    name: ClassVar[str]
    title: ClassVar[str]
    # What the import is to staff.
    import_title: ClassVar[str] = ""
    # Without one the shop does not read, or not write, such sheets.
    import_permission: ClassVar[str] = ""
    export_permission: ClassVar[str] = ""
    # What the import does, for the page that asks for the file.
    explanation: ClassVar[str] = ""
    # Rows of a part: written in one transaction, whose locks shoppers may wait for.
    part_rows: ClassVar[int] = 50

    def __init__(self, user: Any) -> None:
        super().__init__()
        self.user = user

    @classmethod
    def is_open_to(cls, user: Any, direction: str) -> bool:
        """Say whether somebody may import, or export, such sheets."""
        is_import = direction == SheetDirection.IMPORT
        permission = cls.import_permission if is_import else cls.export_permission
        return bool(permission) and user.has_perm(permission)

    @property
    def shows_people(self) -> bool:
        """Tell whether an export holds shoppers' names, phones and addresses whole."""
        return False

    @property
    def columns(self) -> list[Column]:
        """Return the columns in the order of the sheet."""
        return list(self.fields.values())

    def narrowed(self, queryset: Any) -> Any:
        """Keep what of a list can be exported as such a sheet."""
        return queryset

    def instances(self, ids: Sequence[int]) -> Iterable[Any]:
        """Return what is exported, for ids of the list that it is exported from."""
        raise NotImplementedError

    def export_rows(self, ids: Sequence[int]) -> list[list[str]]:
        """Return the texts of an export's rows."""
        return [self.export_resource(one) for one in self.instances(ids)]

    def units(self, rows: Iterable[Row]) -> Iterator[Unit]:
        """Group rows into units, and note what only the whole sheet tells."""
        return ([row] for row in rows)

    def lock(self, units: Sequence[Unit]) -> None:
        """Lock all that the units write, in the order of the app's locks."""

    def check(self, units: Sequence[Unit]) -> list[Checked]:
        """Say what the units would change. Writes nothing."""
        raise NotImplementedError

    def write(self, arguments: Any, *, reference: str) -> None:
        """Write a unit that `check` has found clean, under the locks, by one service.

        Raises: ShopError, when it is refused all the same; nothing of it is written.
        """
        raise NotImplementedError

    def read(self, finding: Finding, column: Column) -> Any:
        """Return what a cell means, or note why it means nothing."""
        text = finding.row.cells.get(column.name, "")
        if not text:
            if column.is_needed:
                finding.refuse(column.name, "不能为空")
            return None
        try:
            return column.widget.clean(text)
        except ValueError as error:
            finding.refuse(column.name, str(error))
            return None


def finding_of(row: Row) -> Finding:
    """Begin the finding of a row with the faults that reading has found."""
    finding = Finding(row)
    for column, message in row.faults.items():
        finding.refuse(column, message)
    return finding


def duplicates_noted(
    rows: Iterable[Row], column: str, *, key: Callable[[str], str] = text_plain
) -> Iterator[Row]:
    """Pass the rows on; a value that an earlier row has is a fault."""
    seen: dict[str, int] = {}
    for row in rows:
        value = key(row.cells.get(column, ""))
        first = seen.setdefault(value, row.number) if value else row.number
        if first != row.number:
            row.faults.setdefault(column, f"和第{first}行重复")
        yield row


@cache
def sheet_kinds() -> dict[str, type[SheetKind]]:
    """Return all kinds by name, in the order of the settings."""
    kinds = [import_string(path) for path in settings.SHEET_KINDS]
    return {kind.name: kind for kind in kinds}
