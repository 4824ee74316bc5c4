"""Tokens that are none, at every route that needs one: 401, and nothing is written."""

from collections.abc import Callable
from functools import cache

from shop.tests.bad_tokens import (
    INVALID,
    NONE,
    SAID,
    Cases,
    Dead,
    buried,
    dead_make,
    forged,
    misused,
    read,
)
from shop.tests.conftest import assert_envelope
from shop.tests.long.matrices.walking import Sent, unwritten


def headers(token: str, dead: Dead) -> Cases:
    """Return each Authorization header that lets nobody in, and its slug."""
    claims = read(token)
    tokens = {
        **{name: (one, INVALID) for name, one in forged(claims).items()},
        **misused(claims, dead),
        **buried(dead),
    }
    twice = {
        # How gunicorn hands over two of the header.
        "two headers": f"Bearer {token},Bearer {token}",
        "two headers, one empty": f"Bearer {token},",
        "two tokens": f"Bearer {token} {token}",
        "no token": "Bearer",
    }
    return {
        "nothing": ("", NONE),
        "another scheme": (f"Token {token}", NONE),
        "no scheme": (token, NONE),
        **{name: (header, INVALID) for name, header in twice.items()},
        **{name: (f"Bearer {one}", slug) for name, (one, slug) in tokens.items()},
    }


def test_no_token_but_a_good_one_opens_any_route(
    walk: Callable[[Callable[[Sent], None]], None],
) -> None:
    """With the body of a request that then succeeds, so by its token alone."""
    dead = dead_make()
    matrix = cache(lambda token: headers(token, dead))
    asked = set[str]()

    def attack(sent: Sent) -> None:
        if not sent.token:
            return
        for header, slug in matrix(sent.token).values():
            if sent.kind == "open" and slug == NONE:
                continue
            answer = sent.send(header=header)
            assert assert_envelope(answer, 401, slug, SAID[slug]) == {"error": slug}
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api"'
        asked.add(sent.kind)

    walk(unwritten(attack))
    assert asked == {"own", "shopper", "person", "staff", "open"}
