"""Shipping information, which sets a payment's money free.

Source: WX/…/order_shipping and WX/…/express-msg/api_get_delivery_list. By general
knowledge alone: that the parcels of unfinished split uploads add up, and that other
content under no later upload_time is 10060014.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from .books import Books
from .carriers import CARRIERS
from .errcodes import ErrCode, mini_answer, posted
from .messages import Answer, Request
from .records import Payment, Upload
from .shipping_form import MOST_PARCELS, ShippingForm, shipping_form_read
from .tokens import Tokens
from .world import World

TO_SHIP, SHIPPED, REFUNDED = 1, 2, 5
MOST_FINISHES = 2  # the upload that is the last, and one change of it


class Shipping:
    """The endpoints on one world's books."""

    def __init__(self, world: World, books: Books, tokens: Tokens) -> None:
        self._world = world
        self._books = books
        self._tokens = tokens

    def upload(self, request: Request) -> Answer:
        """Take what is told of a payment's parcels.

        Raises:
            ErrCode: as WeChat refuses.
        """
        self._tokens.check(request)
        form = shipping_form_read(posted(request))
        with self._books.transaction():
            payment = self._payment_of(
                form.transaction_id, form.mchid, form.out_trade_no
            )
            if payment.openid != form.openid:
                raise ErrCode(10060031)
            if self._is_refunded(payment):
                raise ErrCode(10060004)
            upload = _upload_make(payment, form)
            _check_order(upload, self._books.uploads_of(payment.out_trade_no))
            self._books.upload_add(upload)
        return mini_answer({"errcode": 0, "errmsg": "ok"})

    def _payment_of(
        self, transaction_id: str, mchid: str, out_trade_no: str
    ) -> Payment:
        """Return a payment that was paid; the others do not exist here."""
        payment = None
        if transaction_id:
            payment = self._books.payment_by_transaction(transaction_id)
        elif mchid == self._world["mchid"]:
            payment = self._books.payment(out_trade_no)
        if payment is None or payment.transaction_id is None:
            raise ErrCode(10060001)
        return payment

    def _is_refunded(self, payment: Payment) -> bool:
        refunds = self._books.refunds_of(payment.out_trade_no)
        refunded = sum(one.refund for one in refunds if one.status != "CLOSED")
        return refunded == payment.total

    def order(self, request: Request) -> Answer:
        """Answer how the shipping of a payment stands.

        Raises:
            ErrCode: as WeChat refuses.
        """
        self._tokens.check(request)
        wanted = posted(request)
        payment = self._payment_of(
            *(
                str(wanted.get(name, ""))
                for name in ("transaction_id", "merchant_id", "merchant_trade_no")
            )
        )
        uploads = self._books.uploads_of(payment.out_trade_no)
        order = {
            "transaction_id": payment.transaction_id,
            "merchant_id": self._world["mchid"],
            "sub_merchant_id": "",
            "merchant_trade_no": payment.out_trade_no,
            "description": json.loads(payment.parameters)["description"],
            "paid_amount": payment.total,
            "openid": payment.openid,
            "pay_time": int(payment.success_at or 0),
            "order_state": self._order_state(payment, uploads),
            "in_complaint": False,
        }
        if uploads:
            order["shipping"] = _shipping(uploads)
        return mini_answer({"errcode": 0, "errmsg": "ok", "order": order})

    def _order_state(self, payment: Payment, uploads: Sequence[Upload]) -> int:
        if self._is_refunded(payment):
            return REFUNDED
        return SHIPPED if _finishes(uploads) else TO_SHIP

    def carriers(self, request: Request) -> Answer:
        """Answer the list of carriers.

        Raises:
            ErrCode: as WeChat refuses.
        """
        self._tokens.check(request)
        posted(request)
        carriers = [
            {"delivery_id": code, "delivery_name": name}
            for code, name in CARRIERS.items()
        ]
        return mini_answer(
            {"errcode": 0, "count": len(carriers), "delivery_list": carriers}
        )


def _upload_make(payment: Payment, form: ShippingForm) -> Upload:
    return Upload(
        out_trade_no=payment.out_trade_no,
        logistics_type=form.logistics_type,
        delivery_mode=form.delivery_mode,
        is_finished=form.is_finished,
        parcels=json.dumps(form.parcels, ensure_ascii=False, sort_keys=True),
        upload_time=form.upload_time,
        uploaded_at=form.uploaded_at,
    )


def _check_order(upload: Upload, earlier: Sequence[Upload]) -> None:
    """Check an upload against those before it: a finished one is changed once."""
    if earlier and _content(upload) == _content(earlier[-1]):
        raise ErrCode(10060023)
    finishes = _finishes(earlier)
    if finishes >= MOST_FINISHES:
        raise ErrCode(10060003)
    if finishes and not upload.is_finished:
        raise ErrCode(10060002)
    if earlier and upload.uploaded_at <= earlier[-1].uploaded_at:
        raise ErrCode(10060014, "upload_time")
    if len(_parcels([*earlier, upload])) > MOST_PARCELS:
        raise ErrCode(10060024)


def _content(upload: Upload) -> tuple[int, int, bool, str]:
    return (
        upload.logistics_type,
        upload.delivery_mode,
        upload.is_finished,
        upload.parcels,
    )


def _finishes(uploads: Sequence[Upload]) -> int:
    return sum(one.is_finished for one in uploads)


def _parcels(uploads: Sequence[Upload]) -> list[dict[str, object]]:
    """Return the parcels that are known in the end: a change replaces them all."""
    current = uploads[-1:] if _finishes(uploads) == MOST_FINISHES else uploads
    found: dict[tuple[str, str], dict[str, object]] = {}
    for upload in current:
        for parcel in json.loads(upload.parcels):
            carrier = parcel.get("express_company", "")
            number = parcel.get("tracking_no", "")
            found[carrier, number] = {
                "tracking_no": number,
                "express_company": carrier,
                "goods_desc": parcel["item_desc"],
                "upload_time": int(upload.uploaded_at),
                "contact": parcel.get("contact", {}),
            }
    return list(found.values())


def _shipping(uploads: Sequence[Upload]) -> Mapping[str, object]:
    last = uploads[-1]
    return {
        "delivery_mode": last.delivery_mode,
        "logistics_type": last.logistics_type,
        "finish_shipping": _finishes(uploads) > 0,
        "finish_shipping_count": _finishes(uploads),
        "goods_desc": "",
        "shipping_list": _parcels(uploads),
    }
