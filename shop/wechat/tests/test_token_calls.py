"""Calls with the access token: refreshed once, and what is final of their answers."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shop.wechat.errors import WeChatDeclined, WeChatRefused, WeChatUnavailable
from shop.wechat.messages import message_send
from shop.wechat.miniprogram import WeChatMisconfigured, token_post
from shop.wechat.shipping import Parcel, delivery_list, shipping_upload
from shop.wechat.templates import Template

OK = b'{"errcode": 0, "errmsg": "ok"}'


def refusal(errcode):
    return json.dumps({"errcode": errcode, "errmsg": "secret errmsg"}).encode()


def token(name):
    return json.dumps({"access_token": name, "expires_in": 7200}).encode()


@pytest.mark.parametrize("errcode", [40001, 40014, 42001])
def test_refused_token_is_fetched_anew_once(wechat, errcode):
    wechat.answers = [token("t1"), refusal(errcode), token("t2"), OK, OK]
    token_post("/x", {"a": 1})
    token_post("/x", {"a": 2})
    assert wechat.asked == [
        "/cgi-bin/stable_token",
        "/x?access_token=t1",
        "/cgi-bin/stable_token",
        "/x?access_token=t2",
        "/x?access_token=t2",
    ]
    asked = [json.loads(body) for body in wechat.sent]
    assert [body.get("force_refresh") for body in asked] == [
        *(False, None, False, None, None)
    ]


def test_second_refusal_is_not_tried_again(wechat):
    wechat.answers = [token("t1"), refusal(40001), token("t1"), refusal(40001)]
    with pytest.raises(WeChatMisconfigured):
        token_post("/x", {})
    assert len(wechat.asked) == 4


@pytest.mark.parametrize("errcode", [-1, 45009, 45011, 10060012, 10060019])
def test_busy_may_be_asked_again(wechat, errcode):
    wechat.answers = [token("t1"), refusal(errcode)]
    with pytest.raises(WeChatUnavailable):
        token_post("/x", {})
    assert len(wechat.asked) == 2


@pytest.mark.parametrize("errcode", ["43101", [43101], True])
def test_errcode_of_no_known_form_is_not_final(wechat, errcode):
    wechat.answers = [token("t1"), refusal(errcode)]
    with pytest.raises(WeChatRefused) as caught:
        token_post("/x", {})
    assert type(caught.value) is WeChatRefused


@pytest.mark.parametrize("errcode", [43101, 47003, 40037, 10060001, 48001, 99999])
def test_other_refusals_are_final(wechat, caplog, errcode):
    wechat.answers = [token("t1"), refusal(errcode)]
    with pytest.raises(WeChatDeclined) as caught:
        token_post("/x", {})
    assert caught.value.errcode == errcode
    assert str(errcode) in caplog.text
    assert "secret" not in caplog.text


MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)


def uploaded(wechat, *parcels, phone="13800138000"):
    wechat.answers = [token("t1"), OK]
    shipping_upload(
        transaction_id="42",
        openid="o1",
        phone=phone,
        parcels=parcels,
        uploaded_at=MOMENT,
    )
    assert wechat.asked[-1] == "/wxa/sec/order/upload_shipping_info?access_token=t1"
    return json.loads(wechat.sent[-1])


def test_one_parcel_is_one_delivery(wechat):
    assert uploaded(wechat, Parcel("茶 × 1", "ZTO", "Z1")) == {
        "order_key": {"order_number_type": 2, "transaction_id": "42"},
        "logistics_type": 1,
        "delivery_mode": 1,
        "shipping_list": [
            {"item_desc": "茶 × 1", "express_company": "ZTO", "tracking_no": "Z1"}
        ],
        "upload_time": "2026-01-02T11:04:05.678+08:00",
        "payer": {"openid": "o1"},
    }


def test_parcels_are_split_and_sf_is_told_whom_for(wechat):
    sent = uploaded(wechat, Parcel("茶" * 130, "SF", "S1"), Parcel("杯", "YD", "Y1"))
    assert (sent["delivery_mode"], sent["is_all_delivered"]) == (2, True)
    assert sent["shipping_list"] == [
        {
            "item_desc": "茶" * 120,
            "express_company": "SF",
            "tracking_no": "S1",
            "contact": {"receiver_contact": "138****8000"},
        },
        {"item_desc": "杯", "express_company": "YD", "tracking_no": "Y1"},
    ]


def test_parcel_without_a_carrier_is_local_delivery(wechat):
    sent = uploaded(wechat, Parcel("茶"))
    assert sent["logistics_type"] == 2
    assert sent["shipping_list"] == [{"item_desc": "茶"}]


def test_what_wechat_knows_already_is_uploaded(wechat):
    wechat.answers = [token("t1"), refusal(10060023)]
    shipping_upload(
        transaction_id="42",
        openid="o1",
        phone="",
        parcels=[Parcel("茶", "SF", "S1")],
        uploaded_at=MOMENT,
    )


def test_list_of_carriers_is_long_and_kept(wechat):
    rows = [
        {"delivery_id": f"CODE{number}", "delivery_name": "名" * 20}
        for number in range(1600)
    ]
    answer = json.dumps(
        {"errcode": 0, "delivery_list": [*rows, {}, 7], "count": 1602},
        ensure_ascii=False,
    )
    wechat.answers = [token("t1"), answer.encode()]
    assert len(delivery_list()) == 1600
    assert delivery_list()[0] == "CODE0"
    assert len(wechat.asked) == 2


@pytest.mark.parametrize(
    "answer", [OK, b'{"delivery_list": []}', b'{"delivery_list": 7}']
)
def test_empty_list_of_carriers_is_not_kept(wechat, answer):
    wechat.answers = [token("t1"), answer, answer]
    for _ in range(2):
        with pytest.raises(WeChatRefused):
            delivery_list()


FACTS = {
    "order_no": "20261126-ABC\n",
    "goods": "  龙井茶\n(明前)  ",
    "amount": Decimal("12.00"),
    "status": "已付款了没有啊",
    "time": MOMENT,
}


@pytest.mark.parametrize(
    ("field", "fact", "value"),
    [
        ("character_string1", "order_no", "20261126-ABC"),
        ("thing2", "goods", "龙井茶 (明前)"),
        ("amount3", "amount", "¥12.00"),
        ("phrase4", "status", "已付款了没"),
        ("time15", "time", "2026年1月2日 11:04"),
        ("date6", "time", "2026年1月2日 11:04"),
    ],
)
def test_each_field_has_its_form(wechat, field, fact, value):
    wechat.answers = [token("t1"), OK]
    message_send(openid="o1", template=Template("T1", {field: fact}), facts=FACTS)
    assert wechat.asked[-1] == "/cgi-bin/message/subscribe/send?access_token=t1"
    assert json.loads(wechat.sent[-1]) == {
        "touser": "o1",
        "template_id": "T1",
        "data": {field: {"value": value}},
    }


def test_long_things_are_cut_and_the_page_is_named(wechat):
    wechat.answers = [token("t1"), OK]
    message_send(
        openid="o1",
        template=Template("T1", {"thing1": "goods", "character_string2": "order_no"}),
        facts={"goods": "龙" * 21, "order_no": "顺丰A" * 33},
        page="pages/order?orderNo=1",
    )
    sent = json.loads(wechat.sent[-1])
    assert sent["data"]["thing1"]["value"] == "龙" * 19 + "…"
    assert sent["data"]["character_string2"]["value"] == "A" * 32
    assert sent["page"] == "pages/order?orderNo=1"
