"""What a setting of a message template may say."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from shop import environment
from shop.wechat.templates import EVENTS, Template, template_read


def test_template_and_its_fields():
    text = " ID-1_x order_no=character_string1  amount=amount12 status=phrase3"
    assert template_read("paid", text) == Template(
        "ID-1_x",
        {"character_string1": "order_no", "amount12": "amount", "phrase3": "status"},
    )


def test_every_fact_has_a_field():
    fields = {
        "order_no": "character_string1",
        "refund_no": "character_string2",
        "tracking_no": "character_string3",
        "carrier": "thing4",
        "goods": "thing5",
        "amount": "amount6",
        "status": "phrase7",
        "time": "date8",
    }
    for event, facts in EVENTS.items():
        pairs = [f"{fact}={fields[fact]}" for fact in facts]
        read = template_read(event, " ".join(["T", *pairs]))
        assert set(read.fields.values()) == set(facts)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ID", "must fill a field at least, like order_no=character_string1"),
        ("order_no=character_string1", "must begin with the template's id"),
        ("I.D order_no=character_string1", "must begin with the template's id"),
        ("ID price=amount1", "knows the facts order_no, goods, amount, status, time"),
        ("ID refund_no=character_string1", "knows the facts order_no, goods, "),
        ("ID order_no", "order_no needs a field like character_string1"),
        ("ID order_no=", "order_no needs a field like character_string1"),
        ("ID order_no=thing1", "order_no needs a field like character_string1"),
        ("ID time=time", "time needs a field like time1"),
        ("ID amount=amount1 amount=amount1", "amount needs a field of its own"),
    ],
)
def test_malformed_setting_is_refused_without_its_text(monkeypatch, text, message):
    monkeypatch.setenv("WECHAT_TEMPLATE_PAID", text)
    with pytest.raises(ImproperlyConfigured) as refusal:
        environment.template("WECHAT_TEMPLATE_PAID", "", event="paid")
    assert str(refusal.value).startswith(f"WECHAT_TEMPLATE_PAID {message}")


@pytest.mark.parametrize("text", ["", "  "])
def test_no_template_is_none(monkeypatch, text):
    monkeypatch.setenv("WECHAT_TEMPLATE_PAID", text)
    assert environment.template("WECHAT_TEMPLATE_PAID", "", event="paid") is None
