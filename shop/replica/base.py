"""The database engine of the replica: PostgreSQL with a client that gives up."""

from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, IsolationLevel

# A read of the catalogue takes milliseconds. The server's own timeout is of no help
# when the server hangs.
STATEMENT_SECONDS = 2.0


class ImpatientConnection(Connection[Any]):
    """Fail, with psycopg's OperationalError, when an answer takes too long."""

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        return super().wait(gen, *args, **{"timeout": STATEMENT_SECONDS, **kwargs})


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's own, but for the connection."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> ImpatientConnection:
        self.isolation_level = IsolationLevel.READ_COMMITTED
        return ImpatientConnection.connect(**conn_params)
