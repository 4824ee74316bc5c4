"""PostgreSQL and Valkey with the settings of a server, and the shop's environment."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis

from shop.devstack.credentials import Credentials, credentials_ensure
from shop.devstack.environment import shop_environment
from shop.devstack.parts import Parts
from shop.devstack.ports import HOST
from shop.devstack.postgres import DATABASE, PostgresServer
from shop.devstack.valkey import ValkeyServer

# A server of 16 GB, with a quarter of it for PostgreSQL's own pages, as its manual
# advises. What is not named here is PostgreSQL's default, so that every commit waits
# for the disk and autovacuum runs.
POSTGRES_SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "4GB",
    "effective_cache_size": "12GB",
    "max_wal_size": "4GB",
    "io_method": "worker",
}
# As docker-compose.yml has it.
VALKEY_MEMORY = "192mb"
# Counted, but never reached.
RATE = "999999999/900s"
RATE_SCOPES = ("LOGIN", "STAFF_LOGIN", "SESSION", "READ", "WRITE", "CART")
PUBLIC_URL = f"https://{HOST}"


@dataclass
class Servers:
    """Both servers, with their data in `folder`."""

    folder: Path
    logs: Path
    parts: Parts
    postgres_settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.credentials: Credentials = credentials_ensure(self.folder / "secrets.json")
        self.valkey = ValkeyServer(
            self.folder, self.logs / "valkey.log", self.credentials.valkey_password
        )
        self.postgres = PostgresServer(
            self.folder,
            self.logs / "postgres.log",
            self.credentials.postgres_password,
            POSTGRES_SETTINGS | dict(self.postgres_settings),
        )

    def start(self) -> None:
        """Start both; the data directory is made the first time.

        Raises: DevstackError, StopRequested.
        """
        self.valkey.start(self.parts)
        with Redis.from_url(self.valkey.url) as valkey:
            valkey.config_set("maxmemory", VALKEY_MEMORY)
        self.postgres.start(self.parts)

    def database_url(self, name: str = DATABASE) -> str:
        """Return the address of a database of this server."""
        return f"{self.postgres.url.rpartition('/')[0]}/{name}"

    def environment(self, database: str = DATABASE) -> dict[str, str]:
        """Return the shop's settings: production, but for the limits of the rates.

        Each database has a cache of its own.
        """
        development = shop_environment(
            credentials=self.credentials, folder=self.folder, port=0, simulator_port=0
        )
        for name in ("WECHAT_API_BASE", "WECHAT_PAY_BASE", "KUAIDI100_BASE"):
            del development[name]
        return {
            **development,
            "SHOP_ENV": "production",
            "PUBLIC_URL": PUBLIC_URL,
            "ALLOWED_HOSTS": HOST,
            "TRUSTED_PROXY_HOPS": "1",
            "WECHAT_PLATFORM_PUBLIC_KEY_ID": f"PUB_KEY_ID_{secrets.randbelow(10**30)}",
            "DATABASE_URL": self.database_url(database),
            "VALKEY_URL": self._cache_url(database),
            "LOG_DIR": str(self.logs),
            "METRICS_TOKEN": secrets.token_urlsafe(24),
            **{f"RATELIMIT_{scope}": RATE for scope in RATE_SCOPES},
        }

    def _cache_url(self, database: str) -> str:
        """Return the first cache for the usual database, another for any other."""
        number = 0 if database == DATABASE else 1
        return f"{self.valkey.url.rpartition('/')[0]}/{number}"
