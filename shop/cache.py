"""The cache's client: a Valkey that hangs costs one request its wait, not each."""

import time
from typing import Any

from redis import Redis
from redis.exceptions import ConnectionError as ValkeyConnectionError
from redis.exceptions import InvalidResponse, TimeoutError

from shop.metrics import CACHE_FAILURES

# Long enough that waiting is rare, short enough that counting is soon back.
REST_SECONDS = 1.0


class ImpatientRedis(Redis):
    """Fail at once for a moment after Valkey has hung; refused ones are quick anyway.

    The moment belongs to the pool, and so to all threads of the process.
    """

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command.

        Raises: redis' ConnectionError and TimeoutError, which the cache ignores.
        """
        pool: Any = self.connection_pool
        if time.monotonic() < getattr(pool, "rests_until", 0.0):
            raise ValkeyConnectionError("Valkey hung a moment ago")
        try:
            return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except TimeoutError:
            CACHE_FAILURES.inc()
            pool.rests_until = time.monotonic() + REST_SECONDS
            raise
        except ValkeyConnectionError:
            CACHE_FAILURES.inc()
            raise
        except InvalidResponse as error:
            CACHE_FAILURES.inc()
            # Not a Valkey, or one cut in two: as good as none.
            raise ValkeyConnectionError("not the protocol") from error
