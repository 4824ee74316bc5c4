"""An upload of shipping information, its parameters checked as WeChat checks them.

Source: WX/…/order_shipping/api_uploadshippinginfo and its errcodes. By general
knowledge alone: that 10060014 is the answer to a malformed body, to a carrier that
get_delivery_list does not have, and to a parcel of SF without contact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from .carriers import CARRIERS
from .errcodes import ErrCode

EXPRESS = 1
LOGISTICS_TYPES = (EXPRESS, 2, 3, 4)
UNIFIED, SPLIT = 1, 2
BY_MERCHANTS_NUMBER, BY_TRANSACTION = 1, 2
MOST_PARCELS = 15
MOST_DESCRIPTION = 120
MOST_CODE_BYTES = 128
MOST_CONTACT_BYTES = 1024
UPLOAD_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", flags=re.ASCII
)


@dataclass(frozen=True)
class ShippingForm:
    """The parameters; the payment is named by one number or the other."""

    transaction_id: str
    mchid: str
    out_trade_no: str
    openid: str
    logistics_type: int
    delivery_mode: int
    is_finished: bool
    parcels: list[dict[str, object]]
    upload_time: str
    uploaded_at: float


def shipping_form_read(body: Mapping[str, object]) -> ShippingForm:
    """Return the parameters, each well-formed by itself.

    Raises:
        ErrCode: the first that is not.
    """
    transaction_id, mchid, out_trade_no = _order_key(_object(body, "order_key"))
    logistics_type = _logistics_type(body)
    mode, is_finished = _mode(body, logistics_type)
    upload_time, uploaded_at = _upload_time(body.get("upload_time"))
    return ShippingForm(
        transaction_id=transaction_id,
        mchid=mchid,
        out_trade_no=out_trade_no,
        openid=_text(_object(body, "payer"), "openid", missing=10060014),
        logistics_type=logistics_type,
        delivery_mode=mode,
        is_finished=is_finished,
        parcels=_parcels(body.get("shipping_list"), logistics_type, mode),
        upload_time=upload_time,
        uploaded_at=uploaded_at,
    )


def _object(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = body.get(name)
    if not isinstance(value, dict):
        raise ErrCode(10060014, name)
    return value


def _text(body: Mapping[str, object], name: str, *, missing: int) -> str:
    value = body.get(name)
    if value is None or value == "":
        raise ErrCode(missing)
    if not isinstance(value, str):
        raise ErrCode(10060014, name)
    return value


def _order_key(key: Mapping[str, object]) -> tuple[str, str, str]:
    kind = key.get("order_number_type")
    if kind == BY_TRANSACTION:
        return _text(key, "transaction_id", missing=268485195), "", ""
    if kind == BY_MERCHANTS_NUMBER:
        mchid = _text(key, "mchid", missing=268485196)
        return "", mchid, _text(key, "out_trade_no", missing=268485197)
    raise ErrCode(268485194)


def _logistics_type(body: Mapping[str, object]) -> int:
    value = body.get("logistics_type")
    if type(value) is not int or value not in LOGISTICS_TYPES:
        raise ErrCode(10060005)
    return value


def _mode(body: Mapping[str, object], logistics_type: int) -> tuple[int, bool]:
    """Return the mode, and whether nothing is left to be sent."""
    mode, is_finished = body.get("delivery_mode"), body.get("is_all_delivered")
    if type(mode) is not int or mode not in (UNIFIED, SPLIT):
        raise ErrCode(268485224)
    if mode == UNIFIED:
        return mode, True
    if logistics_type != EXPRESS:
        raise ErrCode(10060006)
    if not isinstance(is_finished, bool):
        raise ErrCode(10060007)
    return mode, is_finished


def _upload_time(value: object) -> tuple[str, float]:
    if not isinstance(value, str) or not UPLOAD_TIME.fullmatch(value):
        raise ErrCode(268485216)
    try:
        return value, datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError) as error:
        raise ErrCode(268485216) from error


def _parcels(value: object, logistics_type: int, mode: int) -> list[dict[str, object]]:
    if not isinstance(value, list) or not value:
        raise ErrCode(10060014, "shipping_list")
    if len(value) > MOST_PARCELS:
        raise ErrCode(10060024)
    if mode == UNIFIED and len(value) != 1:
        raise ErrCode(268485228)
    return [_parcel(parcel, logistics_type) for parcel in value]


def _parcel(parcel: object, logistics_type: int) -> dict[str, object]:
    if not isinstance(parcel, dict):
        raise ErrCode(10060014, "shipping_list")
    if len(_text(parcel, "item_desc", missing=10060008)) > MOST_DESCRIPTION:
        raise ErrCode(10060009)
    if logistics_type == EXPRESS:
        _check_express(parcel)
    return parcel


def _check_express(parcel: Mapping[str, object]) -> None:
    number = _text(parcel, "tracking_no", missing=268485226)
    carrier = _text(parcel, "express_company", missing=268485227)
    if len(number.encode()) > MOST_CODE_BYTES:
        raise ErrCode(10060026)
    if len(carrier.encode()) > MOST_CODE_BYTES:
        raise ErrCode(10060025)
    if carrier not in CARRIERS:
        raise ErrCode(10060014, "express_company")
    if carrier == "SF":
        _check_contact(_object(parcel, "contact"))


def _check_contact(contact: Mapping[str, object]) -> None:
    """One of the two is enough; its last four digits are not masked."""
    told = contact.get("receiver_contact") or contact.get("consignor_contact")
    if not isinstance(told, str) or len(told.encode()) > MOST_CONTACT_BYTES:
        raise ErrCode(10060014, "contact")
    if not re.search(r"\d{4}$|\d{3,4}-\d{1,4}$", told, flags=re.ASCII):
        raise ErrCode(10060014, "contact")
