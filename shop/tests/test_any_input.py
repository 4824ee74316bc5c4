"""Every serializer, given anything at all: it takes it, or answers a clean 400."""

import io
import json
from typing import Any

import pytest
from django.urls import get_resolver
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rest_framework import serializers
from rest_framework.exceptions import ParseError

from shop.api.envelope import EnvelopeRenderer
from shop.api.exceptions import exception_response
from shop.api.parsers import StrictJSONParser
from shop.api.serializers import PhoneField, ShopModelSerializer, ShopSerializer

DEEP: Any = []
for _ in range(400):
    DEEP = [DEEP]
# What is at home in no field, or at the edge of one.
ODD_NUMBERS = [0, 1, -1, 2**31, 2**63, -(2**63) - 1, 10**400, 0.1, 1.0, -0.0, 1e308]
ODD_TEXTS = ["", " ", "0", "-1", "1e9", "NaN", "null", "\x00", "a\x00b", "\r\n\t"]
UNICODE = ["\ud800", "\udfff\ud800", "\ufeff", "\u202e", "👩\u200d👧", "e\u0301", "１"]
MARKUP = ["<b>茶</b>", "&lt;script&gt;", "a<b", "%", "_", "\\", "'; --", "${7*7}"]
LONG = ["字" * 5000, "<" * 5000, "9" * 5000, [None] * 200, DEEP]
SHAPES = [None, True, False, [], {}, [[]], [{}], {"": None}, {"id": [1]}]
ODD = st.sampled_from(ODD_NUMBERS + ODD_TEXTS + UNICODE + MARKUP + LONG + SHAPES)
ANY = st.recursive(
    ODD | st.text(max_size=9) | st.integers() | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)
# Of forms that are hit by no accident.
FORMED = {
    PhoneField: st.just("13800138000"),
    serializers.BooleanField: st.booleans(),
    serializers.CharField: st.text(st.characters(exclude_categories=["C"]), max_size=9),
    serializers.DecimalField: st.decimals("0.01", 99, places=2).map(str),
    serializers.IntegerField: st.integers(1, 9),
}
BASES = {ShopSerializer, ShopModelSerializer}
quick = settings(
    max_examples=15,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def reads_input(kind: type[Any]) -> bool:
    """Tell a serializer that has fields to fill in from a base and a page."""
    is_base = kind.__name__.startswith("_") or kind in BASES
    return not is_base and any(not field.read_only for field in kind().fields.values())


def serializer_classes() -> list[type[Any]]:
    """Return each serializer that the URL conf has loaded, of whatever kind."""
    assert get_resolver().url_patterns
    found, seen = [serializers.BaseSerializer], list[type[Any]]()
    while found:
        kind = found.pop()
        found += [one for one in kind.__subclasses__() if one not in seen]
        app = kind.__module__.partition(".")[0]
        is_ours = app in {"accounts", "catalog", "orders", "shop"}
        if is_ours and ".tests." not in kind.__module__ and kind not in seen:
            seen.append(kind)
    return sorted(seen, key=lambda kind: f"{kind.__module__}.{kind.__qualname__}")


CLASSES = [kind for kind in serializer_classes() if reads_input(kind)]


def formed(field: Any) -> st.SearchStrategy[Any]:
    """Return values that a field may well take."""
    if isinstance(field, serializers.ListSerializer | serializers.ListField):
        return st.lists(formed(field.child), max_size=2)
    if isinstance(field, serializers.Serializer):
        return body_of(field)
    if isinstance(field, serializers.ChoiceField):
        return st.sampled_from(sorted(field.choices))
    kinds = (strategy for kind, strategy in FORMED.items() if isinstance(field, kind))
    return next(kinds, ANY)


def body_of(serializer: Any) -> st.SearchStrategy[Any]:
    """Return bodies of its fields, each formed, odd or left out; or anything."""
    fields = {
        name: st.one_of(*[formed(field)] * 3, ODD, ANY)
        for name, field in serializer.fields.items()
        if not field.read_only
    }
    return st.fixed_dictionaries({}, optional=fields | {"unheardOf": ANY})


def parsed(body: Any) -> Any:
    """Send a body through the parser, as all are; None when it refuses it."""
    raw = json.dumps(body).encode()
    try:
        return StrictJSONParser().parse(io.BytesIO(raw))
    except ParseError as error:
        refusal = refused(error)
    assert refusal == {"error": "bad_request"}
    return None


def refused(error: Exception) -> dict[str, Any]:
    """Return what the answer to an error tells; it must be a clean 400."""
    answer = exception_response(error, {})
    body = json.loads(
        EnvelopeRenderer().render(answer.data, None, {"response": answer})
    )
    assert (answer.status_code, body["code"]) == (400, 400)
    assert isinstance(body["message"], str)
    assert body["message"]
    data: dict[str, Any] = body["data"]
    return data


def checked(kind: type[Any], data: Any) -> bool:
    """Tell whether a serializer takes the data; when not, it says why."""
    body = kind(data=data)
    try:
        body.is_valid(raise_exception=True)
    except serializers.ValidationError as error:
        told = refused(error)
    else:
        # What it shows of it, it takes again, for the same.
        taken = shown(body)
        again = kind(data=taken)
        assert again.is_valid(), again.errors
        assert shown(again) == taken
        return True
    assert told.keys() == {"error", "fields"}
    assert told["error"] == "invalid"
    assert all(told["fields"].values())
    return False


def shown(body: Any) -> dict[str, Any]:
    """Return what its fields have read, as they show it."""
    read = body.to_internal_value(body.initial_data)
    return {
        name: None if value is None else field.to_representation(value)
        for name, field in body.fields.items()
        if (value := read.get(field.source, read)) is not read
    }


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_it_takes_it_or_refuses_it_cleanly(db: None, kind: type[Any]) -> None:
    taken = []

    @quick
    @given(body_of(kind()) | ANY)
    def sent(body: Any) -> None:
        data = parsed(body)
        if data is not None:
            taken.append(checked(kind, data))

    sent()
    assert taken
