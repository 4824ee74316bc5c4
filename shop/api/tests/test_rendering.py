"""Answers as bytes: the same that DRF's renderer would write."""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import settings as profile_of
from hypothesis import strategies as st
from rest_framework.renderers import JSONRenderer

from orders.models import OrderStatus
from shop.api.envelope import EnvelopeRenderer

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | (
    st.sampled_from(["\u2028", "a\u2029b", '"\\/\b\f\n\r\t\x1f\x7f', "中文", "👍"])
)
plain = st.none() | st.booleans() | st.integers() | texts
trees = st.recursive(
    plain,
    lambda some: st.lists(some, max_size=3) | st.dictionaries(texts, some, max_size=3),
    max_leaves=8,
)


def written(data: Any) -> tuple[bytes, bytes]:
    enveloped = {"code": 0, "message": "成功", "data": data}
    return EnvelopeRenderer().render(data), JSONRenderer().render(enveloped)


@profile_of(max_examples=100, deadline=None, database=None)
@given(data=trees)
def test_plain_values(data: Any) -> None:
    ours, drfs = written(data)
    assert ours == drfs


@pytest.mark.parametrize(
    "value",
    [
        Decimal("99.00"),
        datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
        date(2026, 1, 2),
        timedelta(seconds=1.5),
        UUID(int=7),
        OrderStatus.PAID,
        gettext_lazy("Yes"),
        (1, 2),
        {1: 2},
        10**30,
        0.1,
        b"bytes",
        [{"a": Decimal("0.10")}],
    ],
)
def test_what_json_itself_does_not_know(value: Any) -> None:
    ours, drfs = written({"value": value})
    assert ours == drfs


@pytest.mark.parametrize("value", ["\ud800", object()])
def test_what_cannot_be_written_is_a_fault_as_before(value: Any) -> None:
    for renderer in (EnvelopeRenderer(), JSONRenderer()):
        with pytest.raises((UnicodeEncodeError, TypeError)):
            renderer.render({"value": value})


def test_what_is_no_number_is_null() -> None:
    assert EnvelopeRenderer().render(math.nan).endswith(b'"data":null}')
