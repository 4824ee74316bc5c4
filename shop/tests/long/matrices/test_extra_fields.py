"""Fields that nobody asked for, on every write: ignored or refused, and never kept."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from accounts.models import User
from shop.tests.body_fields import body_fields
from shop.tests.long.matrices.walking import Sent, undone
from shop.tests.routes import CONTRACT
from shop.tests.tables import changes, columns, rows

# What only the shop itself may say, beside the names of its columns.
PRIVILEGED = {
    "role": "店主",
    "roles": ["店主"],
    "groups": [1],
    "userPermissions": [1],
    "payAmount": "0.01",
    "userId": 1,
    "pk": 1,
}
Changed = dict[str, list[str]]


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(map(str.title, rest))


def sample(field: Any) -> Any:
    """Return a value that a column would take, and that nobody should get to set."""
    if field.choices:
        return field.flatchoices[-1][0]
    if isinstance(field, models.BooleanField):
        return not field.get_default()
    if isinstance(field, models.DecimalField):
        return "0.01"
    if isinstance(field, models.DateTimeField):
        return "2001-01-01T00:00:00Z"
    if isinstance(field, models.JSONField):
        return {"a": 1}
    is_number = isinstance(field, (models.IntegerField, models.ForeignKey))
    return 1 if is_number else "夹带"


def extra_fields() -> dict[str, Any]:
    """Return a value for each column of the shop, by both ways to write its name."""
    found = dict(PRIVILEGED)
    for app in ("orders", "accounts", "catalog"):
        for model in apps.get_app_config(app).get_models():
            for field in model._meta.concrete_fields:
                for name in (field.name, camel(field.name)):
                    found.setdefault(name, sample(field))
    return found


def smuggled(body: Any, extra: dict[str, Any]) -> Any:
    """Put the fields into each object of a body."""
    if isinstance(body, list):
        return [smuggled(one, extra) for one in body]
    if isinstance(body, dict):
        return extra | {name: smuggled(one, extra) for name, one in body.items()}
    return body


def with_extra(sent: Sent, schema: dict[str, Any], extra: dict[str, Any]) -> Sent:
    """Return the request with all fields that its route does not know."""
    known = body_fields(sent.route, schema)
    unknown = {name: value for name, value in extra.items() if name not in known}
    if "files" in sent.options:
        flat = {name: str(value) for name, value in unknown.items()}
        return sent.having(data=flat)
    return sent.having(json=smuggled(sent.options.get("json", {}), unknown))


def outcome(sent: Sent) -> tuple[int, Changed]:
    """Send it; return the status and each column as it then stands."""
    answer = sent.send()
    return answer.status_code, columns(rows())


def different(one: Changed, other: Changed) -> set[str]:
    return {
        name
        for name in one.keys() | other.keys()
        if one.get(name, []) != other.get(name, [])
    }


def test_a_field_that_nobody_asked_for_changes_nothing(
    walk: Callable[[Callable[[Sent], None]], None],
    schema: dict[str, Any],
    set_clock: Callable[[datetime], None],
    other_shopper: User,
) -> None:
    """A write leaves the same rows behind, with them or without.

    Ids, and numbers that are drawn by lot, differ between two writes without them too.
    """
    set_clock(timezone.now())
    extra = extra_fields()
    assert {"stock", "price", "status", "isStaff", "user", "totalAmount"} <= {*extra}
    asked = set[str]()

    def attack(sent: Sent) -> None:
        if sent.route.startswith("GET "):
            return
        before = rows()
        (status, plain), (_, again) = (undone(lambda: outcome(sent)) for _ in range(2))
        by_lot = different(plain, again)
        hostile = with_extra(sent, schema, extra)
        found, smuggled_in = undone(lambda: outcome(hostile))
        assert changes(before, rows()) == {}
        expected = columns(before) if found == 400 else plain
        assert found in {status, 400}, (sent.route, found)
        assert different(expected, smuggled_in) <= by_lot, sent.route
        asked.add(sent.route)

    walk(attack)
    assert asked == {route for route in CONTRACT if not route.startswith("GET ")}
