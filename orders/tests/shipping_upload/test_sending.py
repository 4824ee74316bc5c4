"""What WeChat is told of an order's parcels."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from orders.models import Order, Payment
from orders.services.shipping_uploads import parcels_of, shipping_upload_send
from orders.tests.conftest import line, paid_order
from shop.wechat.shipping import Parcel

from .uploading import CODES, OK, TOKEN, ids, refusal, ship, told, upload, uploads


def test_one_parcel(wechat: Any, paid: Order) -> None:
    ship(paid)
    told(wechat, OK)
    shipping_upload_send(order_id=paid.pk)
    [body] = uploads(wechat)
    payment = Payment.objects.get()
    assert body["order_key"] == {
        "order_number_type": 2,
        "transaction_id": payment.transaction_id,
    }
    assert body["payer"] == {"openid": "openid-shopper"}
    assert (body["logistics_type"], body["delivery_mode"]) == (1, 1)
    assert body["shipping_list"] == [
        {
            "item_desc": "龙井茶*3、茶杯*2",
            "express_company": "SF",
            "tracking_no": "SF1234567890",
            "contact": {"receiver_contact": "138****8000"},
        }
    ]
    row = upload()
    assert (row.state, row.tries, row.error) == ("succeeded", 1, "")
    assert row.parcels == [
        {
            "item_desc": "龙井茶*3、茶杯*2",
            "express_company": "SF",
            "tracking_no": "SF1234567890",
        }
    ]
    assert row.succeeded_at is not None


def test_parcels_of_days_are_told_at_once(wechat: Any, paid: Order) -> None:
    tea, cup = ids(paid)
    ship(paid, "SF1", quantities={tea: 2})
    ship(paid, "Z1", "ZTO", quantities={tea: 1, cup: 1})
    ship(paid, "YD1", "YD")
    told(wechat, OK)
    shipping_upload_send(order_id=paid.pk)
    [body] = uploads(wechat)
    assert (body["delivery_mode"], body["is_all_delivered"]) == (2, True)
    assert [
        (one["express_company"], one["tracking_no"], one["item_desc"])
        for one in body["shipping_list"]
    ] == [
        ("SF", "SF1", "龙井茶*2"),
        ("ZTO", "Z1", "龙井茶*1、茶杯*1"),
        ("YD", "YD1", "茶杯*1"),
    ]


def test_what_has_no_code_is_told_with_the_last_that_has(paid: Order) -> None:
    tea, cup = ids(paid)
    ship(paid, "X1", "OTHER", quantities={tea: 2})
    ship(paid, "Z1", "ZTO", quantities={tea: 1})
    ship(paid, "X2", "OTHER", quantities={cup: 2})
    assert parcels_of(paid, CODES) == [
        Parcel("龙井茶*1、龙井茶*2、茶杯*2", "ZTO", "Z1")
    ]


@pytest.mark.parametrize("known", [CODES, None])
def test_carrier_that_wechat_does_not_know(paid: Order, known: Any) -> None:
    ship(paid, "X1", "OTHER")
    assert parcels_of(paid, known) == [Parcel("龙井茶*3、茶杯*2")]


def test_carriers_own_code_when_wechat_gives_it_one(paid: Order) -> None:
    ship(paid, "X1", "OTHER")
    assert parcels_of(paid, [*CODES, "OTHER"]) == [
        Parcel("龙井茶*3、茶杯*2", "OTHER", "X1")
    ]


def test_more_parcels_than_wechat_lists(
    shopper_api: APIClient, product_make: Any
) -> None:
    order = paid_order(shopper_api, line(product_make("茶", stock=17), 17))
    [tea] = ids(order)
    for number in range(17):
        ship(order, f"SF{number}", quantities={tea: 1})
    parcels = parcels_of(order, CODES)
    assert [parcel.tracking_no for parcel in parcels] == [
        f"SF{number}" for number in range(15)
    ]
    assert parcels[-1].item_desc == "茶*1、茶*1、茶*1"


def test_description_is_cut(shopper_api: APIClient, product_make: Any) -> None:
    lines = [line(product_make(f"{'长' * 60}{number}")) for number in range(3)]
    order = paid_order(shopper_api, *lines)
    ship(order)
    [parcel] = parcels_of(order, CODES)
    assert len(parcel.item_desc) == 120


def test_without_the_list_of_carriers_our_codes_are_sent(
    wechat: Any, paid: Order
) -> None:
    ship(paid)
    wechat.answers = [TOKEN, refusal(-1), OK]
    shipping_upload_send(order_id=paid.pk)
    assert uploads(wechat)[0]["shipping_list"][0]["express_company"] == "SF"
    assert upload().state == "succeeded"


def test_payer_is_whom_the_facts_name(wechat: Any, paid: Order) -> None:
    Payment.objects.update(facts={"payer": {"openid": "openid-payer"}})
    ship(paid)
    told(wechat, OK)
    shipping_upload_send(order_id=paid.pk)
    assert uploads(wechat)[0]["payer"] == {"openid": "openid-payer"}


def test_payer_whom_the_facts_do_not_name(
    wechat: Any, paid: Order, shopper: User
) -> None:
    Payment.objects.update(facts={"trade_state": "SUCCESS"})
    ship(paid)
    told(wechat, OK)
    shipping_upload_send(order_id=paid.pk)
    assert uploads(wechat)[0]["payer"] == {"openid": shopper.openid}
