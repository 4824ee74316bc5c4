"""Somebody else's rows, by every verb of every route: they do not exist, nor change."""

from collections.abc import Callable

from accounts.models import User
from accounts.services import session_open
from shop.tests.long.matrices.walking import Sent, unwritten
from shop.tests.routes import CONTRACT

WRONG = "method_not_allowed"
VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def test_nobody_elses_rows_exist_by_any_verb(
    walk: Callable[[Callable[[Sent], None]], None], other_shopper: User
) -> None:
    """Each with the id and the body with which its owner succeeds right after."""
    token = session_open(user=other_shopper).token
    stranger = f"Bearer {token}"
    asked = set[str]()

    def attack(sent: Sent) -> None:
        _, _, template = sent.route.partition(" ")
        if sent.kind != "own" or "{" not in template:
            return
        for verb in VERBS:
            answer = sent.send(method=verb, header=stranger)
            is_served = f"{verb} {template}".replace("HEAD", "GET") in CONTRACT
            # A verb that there is not may be refused before the row is looked for.
            slugs = {404: "not_found"} if is_served else {404: "not_found", 405: WRONG}
            assert answer.status_code in slugs, (verb, sent.route)
            if verb != "HEAD":
                slug = answer.json()["data"]["error"]
                assert slug == slugs[answer.status_code]
        asked.add(sent.route)

    walk(unwritten(attack))
    assert asked == {
        route for route, (kind, _) in CONTRACT.items() if kind == "own" and "{" in route
    }
