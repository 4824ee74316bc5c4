"""Finished answers in Valkey: one round trip finds one and counts who asks."""

import hashlib
import zlib
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from redis.exceptions import NoScriptError, RedisError

from shop.api.ratelimit import Window

# Stock in a list may be so old: no order drops an answer.
KEPT_SECONDS = 3
# As many answers there are at most, and so long: 128 MB, whatever is asked for. Two
# that share a place take turns.
PLACES = 2048
BODY_BYTES_MAX = 64 * 1024

_PREFIX = f"{settings.CACHES['default']['KEY_PREFIX']}:kept"
_EDIT = f"{_PREFIX}:edit"

_FIND = b"""
local count = 0
if KEYS[3] then
    count = redis.call('INCRBY', KEYS[3], ARGV[2])
    if count == tonumber(ARGV[2]) then redis.call('EXPIRE', KEYS[3], ARGV[1]) end
end
return {count, redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])}
"""
# The name that Valkey gives it.
_FIND_SHA = hashlib.sha1(_FIND, usedforsecurity=False).hexdigest()


# What was asked for last in this process, at places of its own: as many as in Valkey.
_asked = [0] * PLACES


@dataclass(frozen=True)
class Answer:
    """A finished answer."""

    etag: bytes
    body: bytes


@dataclass(frozen=True)
class Found:
    """What Valkey knows of a request; nothing while it is away."""

    # How many requests its window has seen, this one too.
    count: int = 0
    # The last edit by staff; empty when that is long ago. None: unknown.
    edit: bytes | None = None
    answer: Answer | None = None


def answer_find(url: str, window: Window | None) -> Found:
    """Count a request; find an answer that no edit has dropped."""
    keys = [_EDIT, _place(url), *([window.key] if window else [])]
    counting = (window.seconds, window.due()) if window else ()
    arguments = (len(keys), *keys, *counting)
    client: Any = cache.client.get_client()  # type: ignore[attr-defined]
    try:
        try:
            count, edit, kept = client.evalsha(_FIND_SHA, *arguments)
        except NoScriptError:
            count, edit, kept = client.eval(_FIND, *arguments)
    except RedisError:
        return Found()
    edit = edit or b""
    return Found(count, edit, _read(kept, edit, url) if kept else None)


def is_wanted(url: str) -> bool:
    """Say whether it was asked for before, and nothing else at its place since.

    To look for and to keep what is asked for once costs round trips for nothing, and
    who makes up URLs would fill the places with it.
    """
    known = hash(url)
    place = known % PLACES
    was_asked = _asked[place] == known
    _asked[place] = known
    return was_asked


def answer_keep(url: str, answer: Answer, *, edit: bytes, seconds: float) -> None:
    """Keep an answer for a moment; `edit` was the last one before it was made.

    An edit that came while it was made has another name: nobody takes the answer.
    """
    if seconds <= 0 or len(answer.body) > BODY_BYTES_MAX:
        return
    value = b"\n".join((edit, _digest(url), answer.etag, answer.body))
    _set(_place(url), value, seconds)


def answers_drop() -> None:
    """Drop all answers when the transaction commits.

    If that fails, or the process ends before it, they live no longer than ever.
    """
    transaction.on_commit(_edit_tell)


def _edit_tell() -> None:
    """Say that there was an edit, for longer than any answer or replica lags behind."""
    seconds = settings.DATABASE_REPLICA_MAX_LAG_SECONDS + 10 * KEPT_SECONDS
    _set(_EDIT, uuid4().bytes.hex().encode(), seconds)


def _set(key: str, value: bytes, seconds: float) -> None:
    client: Any = cache.client.get_client()  # type: ignore[attr-defined]
    try:
        client.set(key, value, px=int(seconds * 1000) or 1)
    except RedisError:
        # Counted by the client; what is kept is a matter of seconds.
        return


def _read(kept: bytes, edit: bytes, url: str) -> Answer | None:
    """Return an answer if it is this URL's, and no edit came since it was made."""
    match kept.split(b"\n", 3):
        case [made_after, digest, etag, body] if made_after == edit:
            return Answer(etag, body) if digest == _digest(url) else None
    # Of an older edit, or not written by us.
    return None


def _place(url: str) -> str:
    return f"{_PREFIX}:{zlib.crc32(url.encode()) % PLACES}"


def _digest(url: str) -> bytes:
    return hashlib.blake2b(url.encode(), digest_size=16).hexdigest().encode()
