"""An order as clients send it day by day, read without a serializer.

What is taken here the serializer would take as it stands. It alone mends and refuses.
"""

import re
from typing import Any

from orders.models.order_item import LINES_MAX, QUANTITY_MAX
from orders.services.order_requests import Destination, OrderRequest, Wish
from shop.api.serializers import ID_MAX

_LENGTHS = {"name": 50, "province": 50, "city": 50, "district": 50, "detail": 200}
_REMARK_LENGTH = 200
_PHONE = re.compile(r"1[3-9][0-9]{9}")


def plain_request(body: Any) -> OrderRequest | None:
    """Return what a body asks for; None when the serializer has to look at it."""
    if not (type(body) is dict and _is_plain(body)):
        return None
    sent = body.get("address")
    return OrderRequest(
        wishes=[
            Wish(line["productId"], line.get("skuId"), line["quantity"])
            for line in body["items"]
        ],
        destination=Destination(**{name: sent[name] for name in (*_LENGTHS, "phone")})
        if sent
        else None,
        address_id=body.get("addressId"),
        remark=body.get("remark") or "",
        from_cart=body.get("fromCart") or False,
        coupon_id=body.get("couponId"),
    )


def _is_plain(body: dict[str, Any]) -> bool:
    lines, address, address_id, coupon_id, remark = map(
        body.get, ("items", "address", "addressId", "couponId", "remark")
    )
    return (
        (type(lines) is list and 0 < len(lines) <= LINES_MAX)
        and all(map(_is_line, lines))
        and (_is_address(address) if address_id is None else address is None)
        and (address_id is None or _is_number(address_id, ID_MAX))
        and (remark is None or remark == "" or _is_text(remark, _REMARK_LENGTH))
        and (coupon_id is None or _is_number(coupon_id, ID_MAX))
        and type(body.get("fromCart", False)) is bool
    )


def _is_line(line: Any) -> bool:
    return (
        type(line) is dict
        and _is_number(line.get("productId"), ID_MAX)
        and (line.get("skuId") is None or _is_number(line["skuId"], ID_MAX))
        and _is_number(line.get("quantity"), QUANTITY_MAX)
    )


def _is_address(address: Any) -> bool:
    if type(address) is not dict:
        return False
    phone = address.get("phone")
    return (
        all(_is_text(address.get(name), most) for name, most in _LENGTHS.items())
        and type(phone) is str
        and _PHONE.fullmatch(phone) is not None
    )


def _is_number(value: Any, most: int) -> bool:
    """Tell a whole number from 1; True is an int, too."""
    return type(value) is int and 1 <= value <= most


def _is_text(value: Any, most: int) -> bool:
    """Tell a text in which there is nothing to clean: no blanks around it, no HTML."""
    return (
        type(value) is str
        and 0 < len(value) <= most
        and value.isprintable()
        and value == value.strip()
        and "<" not in value
        and "&" not in value
    )
