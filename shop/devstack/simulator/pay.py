"""Pay v3: prepay, query, close, and the shopper who pays."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from .books import Books
from .clock import Clock, moment
from .messages import Answer, Request, json_answer
from .order_form import DEFAULT_EXPIRE_SECONDS, OrderForm, order_form_read
from .parameters import FormInvalid
from .pay_messages import PayError, posted
from .records import Notification, Payment, Prepay
from .signing import Merchant, Platform, SignatureRefused
from .transactions import transaction_facts
from .world import World

PREPAY_SECONDS = 2 * 3600
LEAST_EXPIRE_SECONDS = 60
MOST_EXPIRE_SECONDS = 90 * 86400
TRANSIT_SECONDS = 5  # a request may have been so long under way


class NotPayable(Exception):
    """The shopper finds the payment closed, expired or paid already."""


class Pay:
    """The endpoints on one world's books."""

    def __init__(
        self, world: World, books: Books, clock: Clock, platform: Platform
    ) -> None:
        self._world = world
        self._books = books
        self._clock = clock
        self._merchant = Merchant(world, clock)
        self._platform = platform

    def checked(self, request: Request, act: Callable[[], Answer]) -> Answer:
        """Check the request's signature and act; the answer is not yet signed."""
        try:
            self._merchant.check(request)
            return act()
        except SignatureRefused as error:
            return PayError(401, "SIGN_ERROR", str(error)).answer()
        except PayError as error:
            return error.answer()

    def signed(self, answer: Answer) -> Answer:
        """Return the answer with the platform's signature over its exact body."""
        headers = self._platform.headers(answer.body)
        return Answer(answer.status, answer.body, answer.content_type, headers)

    def prepay(self, request: Request) -> Answer:
        """Answer a JSAPI order.

        Raises:
            PayError: as WeChat refuses.
        """
        try:
            form = order_form_read(posted(request))
        except FormInvalid as error:
            raise PayError(400, "PARAM_ERROR", str(error)) from error
        self._check_account(form)
        prepay_id = self._prepay_id_make()
        with self._books.transaction():
            self._payment_enter(form)
            self._books.prepay_add(
                Prepay(prepay_id, self._clock.now(), form.out_trade_no)
            )
        return json_answer(200, {"prepay_id": prepay_id})

    def _check_account(self, form: OrderForm) -> None:
        if (form.appid, form.mchid) != (self._world["appid"], self._world["mchid"]):
            raise PayError(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配")
        if not self._books.shopper_exists(form.openid):
            raise PayError(400, "PARAM_ERROR", "无效的openid")

    def _prepay_id_make(self) -> str:
        made_at = moment(self._clock.now()).strftime("%Y%m%d%H%M%S")
        return f"wx{made_at}{secrets.token_hex(10)}"

    def _payment_enter(self, form: OrderForm) -> None:
        """Enter a new payment, or check that this is the known one once more."""
        known = self._books.payment(form.out_trade_no)
        if known:
            self._check_repeat(known, form)
        else:
            self._books.payment_add(self._payment_make(form))

    def _check_repeat(self, known: Payment, form: OrderForm) -> None:
        if known.trade_state == "CLOSED":
            raise PayError(400, "ORDER_CLOSED", "该订单已关闭")
        if known.trade_state != "NOTPAY":
            raise PayError(400, "ORDERPAID", "该订单已支付")
        if known.parameters != form.canonical:
            raise PayError(403, "OUT_TRADE_NO_USED", "商户订单号重复")
        if known.time_expire <= self._clock.now():
            raise PayError(400, "INVALID_REQUEST", "订单已过支付截止时间")

    def _payment_make(self, form: OrderForm) -> Payment:
        now = self._clock.now()
        expires_at = form.time_expire
        if expires_at is None:
            expires_at = now + DEFAULT_EXPIRE_SECONDS
        left = expires_at - now
        if not (
            LEAST_EXPIRE_SECONDS - TRANSIT_SECONDS
            <= left
            <= MOST_EXPIRE_SECONDS + TRANSIT_SECONDS
        ):
            raise PayError(400, "PARAM_ERROR", "time_expire须在1分钟后、90天内")
        return Payment(
            out_trade_no=form.out_trade_no,
            parameters=form.canonical,
            openid=form.openid,
            total=form.total,
            attach=form.attach,
            notify_url=form.notify_url,
            time_expire=expires_at,
        )

    def query(self, request: Request, out_trade_no: str) -> Answer:
        """Answer a query by out_trade_no.

        Raises:
            PayError: as WeChat refuses.
        """
        self._check_mchid(request.query.get("mchid"))
        payment = self._payment_of(out_trade_no)
        return json_answer(200, transaction_facts(self._world, payment))

    def close(self, request: Request, out_trade_no: str) -> Answer:
        """Close an unpaid payment.

        Raises:
            PayError: as WeChat refuses.
        """
        self._check_mchid(posted(request).get("mchid"))
        with self._books.transaction():
            payment = self._payment_of(out_trade_no)
            if payment.trade_state == "CLOSED":
                raise PayError(400, "ORDER_CLOSED", "该订单已关闭")
            if payment.trade_state != "NOTPAY":
                raise PayError(400, "ORDERPAID", "该订单已支付")
            self._books.payment_close(out_trade_no)
        return Answer(204)

    def _check_mchid(self, mchid: object) -> None:
        if not mchid:
            raise PayError(400, "PARAM_ERROR", "商户号mchid为必填项")
        if mchid != self._world["mchid"]:
            raise PayError(400, "MCH_NOT_EXISTS", "商户号不存在")

    def _payment_of(self, out_trade_no: str) -> Payment:
        payment = self._books.payment(out_trade_no)
        if payment is None:
            raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
        return payment

    def settle(
        self,
        prepay: Prepay,
        write: Callable[[Payment], Notification],
        *,
        force: bool,
    ) -> tuple[Payment, Notification]:
        """Pay as the shopper would; payment and notification are entered as one.

        With `force` the money comes though the payment is closed or expired.

        Raises:
            NotPayable: paid already; without `force` closed or expired, too.
        """
        with self._books.transaction():
            payment = self._payment_of(prepay.out_trade_no)
            now = self._clock.now()
            expires_at = min(payment.time_expire, prepay.made_at + PREPAY_SECONDS)
            late = payment.trade_state != "NOTPAY" or expires_at <= now
            if payment.transaction_id or (late and not force):
                raise NotPayable(payment.trade_state)
            self._books.payment_success(
                payment.out_trade_no,
                transaction_id=self._transaction_id_make(),
                success_at=now,
            )
            paid = self._payment_of(payment.out_trade_no)
            notification = write(paid)
            self._books.notification_add(notification)
        return paid, notification

    def _transaction_id_make(self) -> str:
        day = moment(self._clock.now()).strftime("%Y%m%d")
        return (
            f"4200002{secrets.randbelow(1000):03d}{day}{secrets.randbelow(10**10):010d}"
        )
