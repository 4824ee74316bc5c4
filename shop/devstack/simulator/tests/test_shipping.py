import pytest

from .merchant import Merchant, parcel

LATER = "2026-11-25T13:29:36+08:00"
LATEST = "2026-11-25T05:29:37Z"


@pytest.fixture
def paid(wechat, merchant):
    wechat.hold_refunds()
    number = merchant.placed()
    wechat.pay(number)
    return number


def uploads(wechat, number):
    found = wechat.state()["shippingUploads"]
    return [one for one in found if one["outTradeNo"] == number]


def split(merchant, number, *parcels, finished, **changed):
    return merchant.shipment(
        number,
        delivery_mode=2,
        is_all_delivered=finished,
        shipping_list=list(parcels),
        **changed,
    )


def test_an_upload_stands_in_the_state(wechat, merchant, paid):
    assert merchant.ship(merchant.shipment(paid)) == {"errcode": 0, "errmsg": "ok"}
    assert uploads(wechat, paid) == [
        {
            "outTradeNo": paid,
            "transactionId": wechat.payment(paid)["transactionId"],
            "logisticsType": 1,
            "deliveryMode": 1,
            "isAllDelivered": True,
            "shippingList": [
                {
                    "express_company": "ZTO",
                    "tracking_no": "7790",
                    "item_desc": "云南小粒咖啡 两包",
                }
            ],
            "uploadTime": "2026-11-25T13:29:35.120+08:00",
        }
    ]


def test_by_transaction_id(wechat, merchant, paid):
    transaction_id = wechat.payment(paid)["transactionId"]
    key = {"order_number_type": 2, "transaction_id": transaction_id}
    assert merchant.ship(merchant.shipment(paid, order_key=key))["errcode"] == 0
    assert len(uploads(wechat, paid)) == 1


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"order_key": None}, 10060014),
        ({"order_key": {}}, 268485194),
        ({"order_key": {"order_number_type": 3}}, 268485194),
        ({"order_key": {"order_number_type": 2}}, 268485195),
        ({"order_key": {"order_number_type": 2, "transaction_id": "4200"}}, 10060001),
        ({"order_key": {"order_number_type": 1, "out_trade_no": "a"}}, 268485196),
        ({"order_key": {"order_number_type": 1, "mchid": "1"}}, 268485197),
        ({"logistics_type": None}, 10060005),
        ({"logistics_type": 5}, 10060005),
        ({"logistics_type": "1"}, 10060005),
        ({"delivery_mode": None}, 268485224),
        ({"delivery_mode": 3}, 268485224),
        ({"delivery_mode": True}, 268485224),
        ({"delivery_mode": 2}, 10060007),
        ({"delivery_mode": 2, "logistics_type": 2}, 10060006),
        ({"shipping_list": None}, 10060014),
        ({"shipping_list": []}, 10060014),
        ({"shipping_list": ["ZTO"]}, 10060014),
        ({"shipping_list": [parcel("ZTO", "1"), parcel("ZTO", "2")]}, 268485228),
        ({"shipping_list": [parcel("ZTO", None)]}, 268485226),
        ({"shipping_list": [parcel("ZTO", 7790)]}, 10060014),
        ({"shipping_list": [parcel("ZTO", "1" * 129)]}, 10060026),
        ({"shipping_list": [parcel(None, "1")]}, 268485227),
        ({"shipping_list": [parcel("Z" * 129, "1")]}, 10060025),
        ({"shipping_list": [parcel("OTHER", "1")]}, 10060014),
        ({"shipping_list": [parcel("ZTO", "1", item_desc=None)]}, 10060008),
        ({"shipping_list": [parcel("ZTO", "1", item_desc="咖" * 121)]}, 10060009),
        ({"shipping_list": [parcel("SF", "1")]}, 10060014),
        ({"shipping_list": [parcel("SF", "1", contact={})]}, 10060014),
        (
            {
                "shipping_list": [
                    parcel("SF", "1", contact={"receiver_contact": "189********"})
                ]
            },
            10060014,
        ),
        ({"upload_time": None}, 268485216),
        ({"upload_time": "2026-11-25 13:29:35"}, 268485216),
        ({"upload_time": "2026-11-25T13:29:35"}, 268485216),
        ({"upload_time": "2026-02-30T13:29:35+08:00"}, 268485216),
        ({"upload_time": 1764048575}, 268485216),
        ({"payer": None}, 10060014),
        ({"payer": {}}, 10060014),
        ({"payer": {"openid": "oSomebodyElse"}}, 10060031),
    ],
)
def test_a_wrong_parameter_is_refused_and_nothing_entered(
    wechat, merchant, paid, changed, expected
):
    answer = merchant.ship(merchant.shipment(paid, **changed))
    assert answer["errcode"] == expected, answer
    assert uploads(wechat, paid) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"shipping_list": [parcel("ZTO", "1" * 128, item_desc="咖" * 120)]},
        {"shipping_list": [parcel("SF", "1", contact={"receiver_contact": "**5678"})]},
        {
            "shipping_list": [
                parcel("SF", "1", contact={"consignor_contact": "****123-8008"})
            ]
        },
        {"logistics_type": 2, "shipping_list": [{"item_desc": "同城"}]},
        {"logistics_type": 4, "shipping_list": [{"item_desc": "自提"}]},
    ],
)
def test_what_just_fits_is_taken(merchant, paid, changed):
    assert merchant.ship(merchant.shipment(paid, **changed))["errcode"] == 0


def test_an_unpaid_payment_is_unknown(wechat, merchant):
    number = merchant.placed()
    assert merchant.ship(merchant.shipment(number))["errcode"] == 10060001
    assert uploads(wechat, number) == []


def test_another_merchants_payment_is_unknown(merchant, paid):
    key = {"order_number_type": 1, "mchid": "1600000000", "out_trade_no": paid}
    answer = merchant.ship(merchant.shipment(paid, order_key=key))
    assert answer["errcode"] == 10060001


def test_what_is_refunded_is_not_shipped(wechat, merchant, paid):
    half = {"refund": 4950, "total": 9900, "currency": "CNY"}
    closed = merchant.refunded(paid, amount=half)
    wechat.refund_decide(closed, "CLOSED")
    merchant.refunded(paid, amount=half)
    body = merchant.shipment(paid)
    assert merchant.ship(body)["errcode"] == 0
    merchant.refunded(paid, amount=half)
    answer = merchant.ship(merchant.shipment(paid, upload_time=LATER))
    assert answer["errcode"] == 10060004


def test_the_same_again_changes_nothing(wechat, merchant, paid):
    body = merchant.shipment(paid)
    merchant.ship(body)
    assert merchant.ship(body)["errcode"] == 10060023
    assert merchant.ship(body | {"upload_time": LATER})["errcode"] == 10060023
    assert len(uploads(wechat, paid)) == 1


def test_one_change_and_no_more(wechat, merchant, paid):
    merchant.ship(merchant.shipment(paid))
    change = merchant.shipment(
        paid, shipping_list=[parcel("YTO", "1")], upload_time=LATER
    )
    assert merchant.ship(change)["errcode"] == 0
    another = change | {
        "shipping_list": [parcel("STO", "2")],
        "upload_time": LATEST,
    }
    assert merchant.ship(another)["errcode"] == 10060003
    assert [
        one["shippingList"][0]["express_company"] for one in uploads(wechat, paid)
    ] == [
        "ZTO",
        "YTO",
    ]


def test_a_change_needs_a_later_time(wechat, merchant, paid):
    merchant.ship(merchant.shipment(paid))
    change = merchant.shipment(paid, shipping_list=[parcel("YTO", "1")])
    assert merchant.ship(change)["errcode"] == 10060014
    assert len(uploads(wechat, paid)) == 1


def test_split_parcels_add_up_until_all_are_sent(merchant, paid):
    first, second = parcel("ZTO", "1"), parcel("YTO", "2")
    assert merchant.ship(split(merchant, paid, first, finished=False))["errcode"] == 0
    wanted = {"merchant_id": merchant.world["mchid"], "merchant_trade_no": paid}
    order = merchant.shipping_of(**wanted)["order"]
    assert (order["order_state"], order["shipping"]["finish_shipping"]) == (1, False)
    body = split(merchant, paid, second, finished=True, upload_time=LATER)
    assert merchant.ship(body)["errcode"] == 0
    order = merchant.shipping_of(**wanted)["order"]
    assert order["order_state"] == 2
    numbers = [one["tracking_no"] for one in order["shipping"]["shipping_list"]]
    assert numbers == ["1", "2"]


def test_nothing_goes_on_after_all_are_sent(merchant, paid):
    merchant.ship(split(merchant, paid, parcel("ZTO", "1"), finished=True))
    body = split(merchant, paid, parcel("ZTO", "2"), finished=False, upload_time=LATER)
    assert merchant.ship(body)["errcode"] == 10060002


def test_fifteen_parcels_at_once_or_in_all(merchant, paid):
    many = [parcel("ZTO", str(number)) for number in range(16)]
    assert merchant.ship(split(merchant, paid, *many, finished=True))["errcode"] == (
        10060024
    )
    body = split(merchant, paid, *many[:15], finished=False)
    assert merchant.ship(body)["errcode"] == 0
    body = split(merchant, paid, many[15], finished=True, upload_time=LATER)
    assert merchant.ship(body)["errcode"] == 10060024


def test_how_an_order_stands(wechat, merchant, paid):
    transaction_id = wechat.payment(paid)["transactionId"]
    answer = merchant.shipping_of(transaction_id=transaction_id)
    pay_time = answer["order"].pop("pay_time")
    assert answer == {
        "errcode": 0,
        "errmsg": "ok",
        "order": {
            "transaction_id": transaction_id,
            "merchant_id": merchant.world["mchid"],
            "sub_merchant_id": "",
            "merchant_trade_no": paid,
            "description": "云南小粒咖啡 两包",
            "paid_amount": 9900,
            "openid": wechat.payment(paid)["openid"],
            "order_state": 1,
            "in_complaint": False,
        },
    }
    merchant.ship(merchant.shipment(paid))
    change = [parcel("SF", "1", contact={"receiver_contact": "189****5678"})]
    merchant.ship(merchant.shipment(paid, shipping_list=change, upload_time=LATER))
    order = merchant.shipping_of(transaction_id=transaction_id)["order"]
    assert (order["order_state"], order["pay_time"]) == (2, pay_time)
    assert order["shipping"] == {
        "delivery_mode": 1,
        "logistics_type": 1,
        "finish_shipping": True,
        "finish_shipping_count": 2,
        "goods_desc": "",
        "shipping_list": [
            {
                "tracking_no": "1",
                "express_company": "SF",
                "goods_desc": "云南小粒咖啡 两包",
                "upload_time": 1795584576,
                "contact": {"receiver_contact": "189****5678"},
            }
        ],
    }
    merchant.refunded(paid)
    order = merchant.shipping_of(transaction_id=transaction_id)["order"]
    assert order["order_state"] == 5


def test_an_unknown_order(merchant):
    assert merchant.shipping_of()["errcode"] == 10060001
    assert merchant.shipping_of(transaction_id="4200")["errcode"] == 10060001


def test_the_list_of_carriers(merchant):
    path = "/cgi-bin/express/delivery/open_msg/get_delivery_list"
    answer = merchant.ask(path, {})
    known = {
        one["delivery_id"]: one["delivery_name"] for one in answer["delivery_list"]
    }
    assert (answer["errcode"], answer["count"]) == (0, len(known))
    assert set(known) >= {
        "SF",
        "ZTO",
        "YTO",
        "STO",
        "YD",
        "JTSD",
        "EMS",
        "YZPY",
        "JD",
        "DBL",
    }
    assert known["SF"] == "顺丰速运"


def test_kill_9_loses_neither_messages_nor_uploads(own):
    merchant = Merchant(own.world, own.base_url)
    number = merchant.placed()
    own.pay(number)
    merchant.ship(merchant.shipment(number))
    merchant.message_send(merchant.message())
    own.accept_messages(merchant.login("sim-buyer").json()["openid"], accepts=False)
    before = own.state()
    own.kill()
    own.start()
    after = own.state()
    assert len(after["messages"]) == len(after["shippingUploads"]) == 1
    assert after["messages"] == before["messages"]
    assert after["shippingUploads"] == before["shippingUploads"]
    assert merchant.message_send(merchant.message())["errcode"] == 43101
