"""Migrations' indexes, made while the shop goes on selling."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.postgres.operations import (
    AddIndexConcurrently,
    NotInTransactionMixin,
)
from django.db.migrations import AddConstraint
from django.db.migrations.operations.base import Operation


@contextmanager
def _patience(schema_editor: Any, name: str) -> Iterator[None]:
    """Wait as long as it takes, and remove what a try that was broken off has left."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        (timeout,) = cursor.fetchone()
    # By the editor, which only writes them down when `sqlmigrate` asks.
    schema_editor.execute("SET lock_timeout = 0")
    quoted = schema_editor.quote_name(name)
    schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {quoted}")
    yield
    schema_editor.execute("SELECT set_config('lock_timeout', %s, false)", [timeout])


class AddIndexWhileSelling(AddIndexConcurrently):
    """CREATE INDEX CONCURRENTLY that waits, and that can be begun again.

    It waits for every transaction that is older, such as the nightly dump; nobody
    waits for it, so `migrate`'s short lock_timeout is not for it. A try that was broken
    off leaves an invalid index of the same name, which goes first.

    The migration needs `atomic = False`.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        with _patience(schema_editor, self.index.name):
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddUniqueWhileSelling(NotInTransactionMixin, AddConstraint):
    """The same for a UniqueConstraint with a condition, which is an index too."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        statement = str(self.constraint.create_sql(model, schema_editor))
        with _patience(schema_editor, self.constraint.name):
            schema_editor.execute(
                statement.replace("UNIQUE INDEX", "UNIQUE INDEX CONCURRENTLY", 1),
                params=None,
            )


class DropIndexWhileSelling(NotInTransactionMixin, Operation):
    """DROP INDEX CONCURRENTLY for an index that no model names, with the same patience.

    `on` makes it again on the way back: the table and, in brackets, the columns.
    """

    reversible = True

    def __init__(self, name: str, *, on: str) -> None:
        self.name = name
        self.on = on

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Leave the models as they are."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        self._ensure_not_in_transaction(schema_editor)
        with _patience(schema_editor, self.name):
            pass

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        self._ensure_not_in_transaction(schema_editor)
        name = schema_editor.quote_name(self.name)
        with _patience(schema_editor, self.name):
            schema_editor.execute(f"CREATE INDEX CONCURRENTLY {name} ON {self.on}")

    def describe(self) -> str:
        return f"Drop the index {self.name}"
