"""Who changed what: snapshots of rows, written by the services that change them."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db.models import BigAutoField, Max, Model, QuerySet, TextField
from django.utils import timezone
from simple_history.models import HistoricalRecords
from simple_history.utils import get_history_model_for_model

State = Mapping[str, Any]


class HistoryTable(HistoricalRecords):
    """The table of a model's snapshots, without the signals that would fill it.

    Most writes of the services send none, and a payment, which saves too, must leave no
    snapshot. Nothing here refers to a row by a constraint: a snapshot outlives it.
    """

    def __init__(self, verbose_name: str, **options: Any) -> None:
        names = {"verbose_name": verbose_name, "verbose_name_plural": verbose_name}
        super().__init__(
            history_id_field=BigAutoField(primary_key=True),
            history_change_reason_field=TextField(null=True),
            user_db_constraint=False,
            **names,
            **options,
        )

    def post_save(self, *args: Any, **kwargs: Any) -> None:
        """Leave it to the services."""

    def pre_delete(self, *args: Any, **kwargs: Any) -> None:
        """Leave it to the services."""

    def post_delete(self, *args: Any, **kwargs: Any) -> None:
        """Leave it to the services."""


@dataclass(frozen=True)
class HistoryBook:
    """The snapshots of one model; `rows` finds what is kept under the given keys."""

    model: type[Model]
    rows: Callable[[Collection[int]], QuerySet[Any]]

    @property
    def snapshots(self) -> Any:
        """Return the model of the snapshots."""
        return get_history_model_for_model(self.model)

    @property
    def columns(self) -> list[str]:
        """Name what a snapshot has of the row."""
        fields = self.snapshots._meta.concrete_fields
        names = [field.attname for field in fields]
        return [name for name in names if not name.startswith("history_")]

    def states(self, keys: Collection[int]) -> dict[int, State]:
        """Read the rows as they are now."""
        return {row["id"]: row for row in self.rows(keys).values(*self.columns)}

    def last(self, ids: Collection[int]) -> dict[int, State]:
        """Read the last snapshot of each row."""
        rows = self.snapshots.objects.filter(id__in=ids)
        newest = rows.order_by("id", "-history_id").distinct("id")
        return {row["id"]: row for row in newest.values(*self.columns)}

    def version(self, pk: int) -> int:
        """Tell apart what was written of a row; 0, if the history has none of it."""
        rows = self.snapshots.objects.filter(id=pk)
        last: int = rows.aggregate(last=Max("history_id", default=0))["last"]
        return last

    def write(self, kinds: Sequence[tuple[str, State]], **facts: Any) -> None:
        """Add snapshots, each of its kind: `+`, `~` or `-`."""
        self.snapshots.objects.bulk_create(
            self.snapshots(history_type=kind, **facts, **state) for kind, state in kinds
        )


@contextmanager
def history_kept(
    *books: HistoryBook, keys: Collection[int], operator_id: int | None
) -> Iterator[None]:
    """Write what the block changes under these keys into the history.

    What the history has missed (rows older than itself, writes of a program before it)
    is written first, as nobody's: or it would be laid to the operator.
    Locks: the caller holds those of the rows.
    """
    before = [book.states(keys) for book in books]
    for book, states in zip(books, before, strict=True):
        last = book.last(states)
        missed = [("~", row) for pk, row in states.items() if last.get(pk) != row]
        book.write(missed, history_date=timezone.now())
    yield
    _write(books, before, keys, operator_id, "")


def history_begin(
    *books: HistoryBook,
    keys: Collection[int],
    operator_id: int | None,
    reason: str = "",
) -> None:
    """Write rows that are new into the history, and why there are."""
    _write(books, [{} for _ in books], keys, operator_id, reason)


def _write(
    books: Sequence[HistoryBook],
    before: Sequence[Mapping[int, State]],
    keys: Collection[int],
    operator_id: int | None,
    reason: str,
) -> None:
    """Write what differs, all with one date: it is one deed."""
    facts = {
        "history_date": timezone.now(),
        "history_user_id": operator_id,
        "history_change_reason": reason or None,
    }
    for book, old in zip(books, before, strict=True):
        new = book.states(keys)
        book.write([*_differences(old, new)], **facts)


def _differences(
    old: Mapping[int, State], new: Mapping[int, State]
) -> Iterator[tuple[str, State]]:
    for pk, row in new.items():
        if pk not in old:
            yield "+", row
        elif old[pk] != row:
            yield "~", row
    yield from (("-", row) for pk, row in old.items() if pk not in new)
