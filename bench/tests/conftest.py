"""A small shop, loaded as that of a run is."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from accounts.services.minting import shoppers_mint
from bench.data import LOAD
from shop.devstack.environment import environment_merge
from shop.devstack.ports import HOST
from shop.devstack.postgres import ROLE, PostgresServer, program_path

# Five pages in each category.
PRODUCTS, ORDERS, SHOPPERS = 2_500, 300, 20
COPY = "bench"


@pytest.fixture(scope="module")
def postgres(django_db_setup: None) -> PostgresServer:
    """The server of the tests."""
    facts = connection.settings_dict
    server = PostgresServer(Path(), Path(), facts["PASSWORD"])
    server.port = int(facts["PORT"])
    return server


@pytest.fixture(scope="module")
def loaded(postgres: PostgresServer, django_db_blocker: Any) -> Iterator[str]:
    """Lead Django to a copy of the tests' database, loaded; return its name."""
    own = connection.settings_dict["NAME"]
    copy = f"{own}_{COPY}"
    with django_db_blocker.unblock():
        connection.close()
        psql(postgres, "postgres", f"-cCREATE DATABASE {copy} TEMPLATE {own}")
        sizes = {"products": PRODUCTS, "orders": ORDERS, "shoppers": SHOPPERS}
        sets = [f"--set={name}={value}" for name, value in sizes.items()]
        psql(postgres, copy, f"--file={LOAD}", *sets)
        connection.settings_dict["NAME"] = copy
        try:
            yield copy
        finally:
            connection.close()
            connection.settings_dict["NAME"] = own
            psql(postgres, "postgres", f"-cDROP DATABASE {copy} (FORCE)")


@pytest.fixture(scope="module")
def token(loaded: str) -> str:
    """A shopper of the loaded ones."""
    return next(iter(shoppers_mint(count=1)))


def psql(postgres: PostgresServer, database: str, *arguments: str) -> None:
    done = subprocess.run(
        [
            *(str(program_path("psql")), "--no-psqlrc", "--quiet", *arguments),
            *(f"--host={HOST}", f"--port={postgres.port}", f"--username={ROLE}"),
            f"--dbname={database}",
            "--set=ON_ERROR_STOP=1",
        ],
        env=environment_merge({}, {"PGPASSWORD": postgres.password}),
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
