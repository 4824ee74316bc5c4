"""A production node over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from shop.tests.test_start import PRODUCTION
from shop.tests.web_process import WebProcess

TOKEN = "scrape-4f8s0d9gk3Lq7"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
BEHIND_PROXY = {
    "Host": "shop.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "198.51.100.7",
}
# One node for all of them. Marked django_db, so that the database is made whichever of
# these tests are run.
MARKS = [pytest.mark.xdist_group("production"), pytest.mark.django_db]


@pytest.fixture(scope="package")
def node(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any
) -> Iterator[WebProcess]:
    """A production node of two processes."""
    folder = tmp_path_factory.mktemp("node")
    own = {"METRICS_TOKEN": TOKEN, "GUNICORN_WORKERS": "2", "GUNICORN_THREADS": "2"}
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            # Tests of the worker leave rows that no test's end takes away.
            cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
        with WebProcess(folder, **PRODUCTION, **own) as node:
            yield node
