"""The cache: a Valkey that hangs costs one request its wait, a count one question."""

import logging
import time
from typing import Any

from django_redis.cache import RedisCache, omit_exception
from django_redis.exceptions import ConnectionInterrupted
from redis import Redis
from redis.exceptions import ConnectionError as ValkeyConnectionError
from redis.exceptions import (
    InvalidResponse,
    NoScriptError,
    RedisError,
    ResponseError,
    TimeoutError,
)

from shop.metrics import CACHE_FAILURES

logger = logging.getLogger(__name__)

# Long enough that waiting is rare, short enough that counting is soon back.
REST_SECONDS = 1.0

# The first count of a window says when it ends.
_COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count
"""


class ImpatientRedis(Redis):
    """Fail at once for a moment after Valkey has hung; refused ones are quick anyway.

    The moment belongs to the pool, and so to all threads of the process. After it one
    command finds out, and the others go on without an answer. Django makes each thread
    a client of its own, which keeps its connection: taking it out of the pool, looking
    at it and putting it back would cost as much as a command.
    """

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command.

        Raises: redis' ConnectionError, TimeoutError and ResponseError (out of memory,
        no right to it), which the cache ignores.
        """
        pool: Any = self.connection_pool
        began = time.monotonic()
        if rests_until := getattr(pool, "rests_until", 0.0):
            if began < rests_until:
                raise ValkeyConnectionError("Valkey hung a moment ago")
            pool.rests_until = began + REST_SECONDS
        try:
            answer = self._executed(*args, **options)
        except ResponseError as error:
            pool.rests_until = 0.0
            # Who calls a script by its name has the text at hand.
            if not isinstance(error, NoScriptError):
                _failure_tell(error, began)
            raise
        except TimeoutError as error:
            pool.rests_until = time.monotonic() + REST_SECONDS
            _failure_tell(error, began)
            raise
        except ValkeyConnectionError as error:
            _failure_tell(error, began)
            raise
        except InvalidResponse as error:
            _failure_tell(error, began)
            # Not a Valkey, or one cut in two: as good as none.
            raise ValkeyConnectionError("not the protocol") from error
        pool.rests_until = 0.0
        return answer

    def _executed(self, *args: Any, **options: Any) -> Any:
        """Ask over the kept connection; if it was lost since, over a new one."""
        if self.connection is not None:
            try:
                return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
            except ValkeyConnectionError:
                # Closed by now; the next command connects.
                pass
        else:
            self.connection = self.connection_pool.get_connection()
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]


def _failure_tell(error: RedisError, began: float) -> None:
    """Count and log a command that failed; those of a rest are neither."""
    CACHE_FAILURES.inc()
    waited = 1000 * (time.monotonic() - began)
    logger.warning("Valkey: %s after %.0f ms", type(error).__name__, waited)


class CountingCache(RedisCache):
    """The cache as django-ratelimit uses it, which adds a key or else increments it.

    Adding counts already, and incrementing tells the count: one question to Valkey
    instead of two. Django makes each thread an instance of its own.
    """

    _count: int | None = None

    def add(
        self, key: str, value: int, timeout: float, version: int | None = None
    ) -> bool:
        """Count one more; say whether it is the first, of those that time out then."""
        self._count = self._counted(key, timeout, version)
        return self._count == 1

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int | None:
        """Return what the last add() has counted; None when Valkey is away."""
        return self._count

    @omit_exception  # type: ignore[untyped-decorator]
    def _counted(self, key: str, timeout: float, version: int | None) -> int:
        client = self.client.get_client(write=True)
        full_key = self.client.make_key(key, version=version)
        try:
            return int(client.eval(_COUNT, 1, full_key, int(timeout * 1000)))
        except RedisError as error:
            raise ConnectionInterrupted(connection=client) from error
