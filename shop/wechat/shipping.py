"""The shipping upload: WeChat keeps a shop's money until it knows what was sent.

Source: WX/…/order_shipping/api_uploadshippinginfo, WX/…/express-msg/
api_get_delivery_list.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from shop.wechat.errors import WeChatDeclined, WeChatRefused
from shop.wechat.miniprogram import token_post

logger = logging.getLogger(__name__)

PARCELS_MAX = 15
DESCRIPTION_MAX = 120
# The only carrier that asks whom a parcel is for.
_WITH_CONTACT = "SF"
_BY_TRANSACTION = 2
_EXPRESS, _LOCAL = 1, 2
_WHOLE, _SPLIT = 1, 2

PAYMENT_UNKNOWN = 10060001
DELIVERED = 10060002
CHANGE_USED = 10060003
_UNCHANGED = 10060023
# What staff read of a refusal; of others, the code alone.
REFUSALS: Mapping[int, str] = {
    PAYMENT_UNKNOWN: "微信没有这笔支付单",
    DELIVERED: "支付单已完成发货,不能再修改",
    CHANGE_USED: "支付单的一次修改机会已用完",
    10060004: "支付单处于不可发货的状态",
    10060014: "参数错误",
    10060025: "物流公司编码不正确",
    10060026: "快递单号太长",
    10060031: "支付单不属于这个买家",
    48001: "小程序没有开通发货信息管理",
}

_LIST_KEY = "wechat:delivery_list"
_LIST_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Parcel:
    """A parcel in WeChat's words; one without a carrier is delivered by the shop."""

    item_desc: str
    express_company: str = ""
    tracking_no: str = ""


def shipping_upload(
    *,
    transaction_id: str,
    openid: str,
    phone: str,
    parcels: Sequence[Parcel],
    uploaded_at: datetime,
) -> None:
    """Tell WeChat of all parcels of a payment; nothing is left to be sent.

    Asked again with the same content under the same `uploaded_at`, WeChat changes
    nothing. Another content needs a later one, and is taken once.

    Raises: as token_post(); WeChatDeclined tells by `errcode` what is wrong.
    """
    body: dict[str, object] = {
        "order_key": {
            "order_number_type": _BY_TRANSACTION,
            "transaction_id": transaction_id,
        },
        "logistics_type": _EXPRESS if parcels[0].express_company else _LOCAL,
        "delivery_mode": _SPLIT if len(parcels) > 1 else _WHOLE,
        "shipping_list": [_entry(parcel, phone) for parcel in parcels],
        "upload_time": timezone.localtime(uploaded_at).isoformat(
            timespec="milliseconds"
        ),
        "payer": {"openid": openid},
    }
    if len(parcels) > 1:
        body["is_all_delivered"] = True
    try:
        token_post("/wxa/sec/order/upload_shipping_info", body)
    except WeChatDeclined as error:
        if error.errcode != _UNCHANGED:
            raise


def _entry(parcel: Parcel, phone: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"item_desc": parcel.item_desc[:DESCRIPTION_MAX]}
    if parcel.express_company:
        entry["express_company"] = parcel.express_company
        entry["tracking_no"] = parcel.tracking_no
    if parcel.express_company == _WITH_CONTACT and phone:
        entry["contact"] = {"receiver_contact": f"{phone[:3]}****{phone[-4:]}"}
    return entry


def delivery_list() -> list[str]:
    """Return the codes of all carriers that WeChat knows, asked for once a day.

    Raises: as token_post().
    """
    kept = cache.get(_LIST_KEY)
    if isinstance(kept, list):
        return kept
    reply = token_post("/cgi-bin/express/delivery/open_msg/get_delivery_list", {})
    rows = reply.get("delivery_list")
    codes = [
        row["delivery_id"]
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and isinstance(row.get("delivery_id"), str)
    ]
    if not codes:
        logger.error("WeChat's list of carriers is empty")
        raise WeChatRefused
    cache.set(_LIST_KEY, codes, _LIST_SECONDS)
    return codes
