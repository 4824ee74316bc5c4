"""Plans of all that runs on the test's connection, as of a shop of any size."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise

from django.db import connection

# The statistics of the tables and of their indexes, as if each table held so many
# times its rows: the planner multiplies them by the pages that the file really has.
_GROW = """
WITH grown AS (
    SELECT oid FROM pg_class WHERE relname = ANY (%(tables)s)
    UNION
    SELECT indexrelid FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
    WHERE relname = ANY (%(tables)s)
)
SELECT pg_restore_relation_stats(
    'schemaname', 'public', 'relname', relname::text,
    'relpages', greatest(relpages, 1),
    'reltuples', (greatest(reltuples, 1) * %(times)s)::real,
    'relallvisible', CASE relkind WHEN 'r' THEN relpages ELSE 0 END)
FROM pg_class JOIN grown USING (oid)
"""


_COST = re.compile(r"cost=[\d.]+\.\.([\d.]+) ")
# A limit ends early when it is planned to cost such a part of what is below it.
_PART = 20


def statistics_grow(tables: Iterable[str], *, times: int) -> None:
    """Make the planner take each table for one of `times` its rows.

    Until the transaction ends, or ANALYZE counts anew.
    """
    names = [*tables]
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"ANALYZE {name}")
        cursor.execute(_GROW, {"tables": names, "times": times})


@contextmanager
def plans_taken() -> Iterator[list[str]]:
    """Collect the plan of each statement, those inside of functions included.

    The server sends them, as it made them for running: not what EXPLAIN would choose.
    """
    found: list[str] = []
    raw = connection.connection

    def take(diagnostic: object) -> None:
        text = getattr(diagnostic, "message_primary", None) or ""
        if "plan:" in text:
            found.append(text)

    with connection.cursor() as cursor:
        cursor.execute("LOAD 'auto_explain'")
        cursor.execute("SET auto_explain.log_level = notice")
        cursor.execute("SET auto_explain.log_nested_statements = on")
        cursor.execute("SET auto_explain.log_min_duration = 0")
    raw.add_notice_handler(take)
    try:
        yield found
    finally:
        # The server ends the last statement, and tells its plan, when another comes.
        with connection.cursor() as cursor:
            cursor.execute("SET auto_explain.log_min_duration = -1")
        raw.remove_notice_handler(take)


def sequential(plans: Iterable[str], tables: Iterable[str]) -> list[str]:
    """Return the plans that read one of the tables from its beginning to its end.

    A LIMIT may take the first rows, whichever they are, from its beginning.
    """
    reads = re.compile(rf"Seq Scan on ({'|'.join(tables)})\b")
    return [plan for plan in plans if _is_sequential(plan, reads)]


def _is_sequential(plan: str, reads: re.Pattern[str]) -> bool:
    return any(
        reads.search(line) and not ("Limit " in above and _ends_early(above, line))
        for above, line in pairwise(plan.splitlines())
    )


def _ends_early(*lines: str) -> bool:
    limit, scan = (float(_COST.findall(line)[0]) for line in lines)
    return limit < scan / _PART
