"""How many connections the worker keeps open."""

from procrastinate import App
from procrastinate.contrib.django.utils import connector_params
from procrastinate.psycopg_connector import PsycopgConnector

# One listens; one fetches and ends jobs, which a worker does one at a time; one is for
# heartbeat and clock. Each costs PostgreSQL some 15 MB, and the pool would begin with
# four.
CONNECTIONS_MIN = 1
CONNECTIONS_MAX = 3


class BoundConnector(PsycopgConnector):
    """The worker's own connector, with a pool of a few."""

    def __init__(self) -> None:
        super().__init__(
            # Its statements return whole rows: a plan that is kept would break when
            # a table changes under a worker that runs.
            kwargs=connector_params() | {"prepare_threshold": None},
            min_size=CONNECTIONS_MIN,
            max_size=CONNECTIONS_MAX,
        )


def pool_bound(app: App) -> None:
    """Give workers this connector; procrastinate calls it when Django is ready."""
    app.connector.get_worker_connector = BoundConnector  # type: ignore[attr-defined]
