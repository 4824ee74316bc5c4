"""Databases of a test's own on the tests' server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg.sql import SQL, Identifier


@contextmanager
def empty_database(name: str) -> Iterator[str]:
    """Make one without a table; yield its address, and remove it in the end."""
    url = os.environ["DATABASE_URL"]
    own = Identifier(name)
    # What a test that was killed has left would be in the way.
    drop = SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(own)
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(drop)
        session.execute(SQL("CREATE DATABASE {}").format(own))
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        finally:
            session.execute(drop)
