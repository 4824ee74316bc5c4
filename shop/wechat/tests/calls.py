"""Every function that calls WeChat, by name, ready to be called."""

from datetime import UTC, date, datetime
from decimal import Decimal

from shop.wechat import content, messages, miniprogram, pay, shipping
from shop.wechat.templates import Template

CALLS = {
    "code2session": lambda: miniprogram.code2session("sim-ann"),
    "phone_number": lambda: miniprogram.phone_number("simphone-13800138000"),
    "prepay": lambda: pay.prepay(
        out_trade_no="A00001",
        description="茶",
        amount=Decimal("0.01"),
        openid="o1",
        expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    ),
    "query": lambda: pay.query("A00001"),
    "close": lambda: pay.close("A00001"),
    "refund": lambda: pay.refund(
        out_refund_no="R1",
        transaction_id="4200001",
        reason="不想要了",
        amount=Decimal("0.01"),
        total=Decimal("0.01"),
    ),
    "refund_query": lambda: pay.refund_query("R1"),
    "trade_bill": lambda: pay.trade_bill(date(2026, 11, 25)),
    "token_post": lambda: miniprogram.token_post("/wxa/some", {}),
    "message_send": lambda: messages.message_send(
        openid="o1", template=Template("T1", {}), facts={}
    ),
    "comment_check": lambda: content.comment_check(
        openid="o1", content="茶很香", nickname=""
    ),
    "delivery_list": shipping.delivery_list,
    "shipping_upload": lambda: shipping.shipping_upload(
        transaction_id="4200001",
        openid="o1",
        phone="13800138000",
        parcels=[shipping.Parcel("茶")],
        uploaded_at=datetime(2027, 1, 1, tzinfo=UTC),
    ),
}
