"""Migrations' indexes, made while the shop goes on selling."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently


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
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout')")
            (timeout,) = cursor.fetchone()
            cursor.execute("SET lock_timeout = 0")
            name = schema_editor.quote_name(self.index.name)
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [timeout])
