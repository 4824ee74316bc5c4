"""Which request goes where, and what stands between: faults and signatures."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .announcements import Announcer
from .bills import DOWNLOAD_PATH, Bills
from .books import Books
from .clock import Clock
from .content import Content
from .control.base import control_answer
from .control.bills import BillControl
from .control.conditions import ConditionControl
from .control.miniprogram import MiniProgramControl
from .control.payments import PaymentControl
from .control.refunds import RefundControl
from .control.state import StateControl
from .errcodes import errcode_answer
from .faults import Faults, answer_under
from .kuaidi100 import PATH as TRACE_PATH
from .kuaidi100 import Kuaidi100
from .messages import Answer, Request, json_answer
from .miniprogram import MiniProgram
from .notifications import Notifier
from .pay import Pay
from .pay_messages import PayError
from .refund_ends import RefundEnds
from .refunds import Refunds
from .shipping import Shipping
from .signing import Platform
from .subscribe import Subscribe
from .tokens import Tokens
from .world import World

NOT_FOUND = json_answer(404, {"error": "no such route"})
BROKEN = Answer(500, b"Internal Server Error", "text/plain")
PAY_BROKEN = PayError(500, "SYSTEM_ERROR", "系统异常，请稍后重试").answer()
PAY_NOT_FOUND = PayError(404, "NOT_FOUND", "没有这一接口").answer()

DELIVERY_LIST_PATH = "/cgi-bin/express/delivery/open_msg/get_delivery_list"

Act = Callable[..., Answer]


@dataclass(frozen=True)
class Route:
    """One endpoint; `method` None leaves the judgement of the method to it.

    `name` is where its faults are ordered; `is_signed` counts for Pay alone.
    """

    name: str
    method: str | None
    path: re.Pattern[str]
    act: Act
    is_signed: bool = True


class Router:
    """All endpoints on one world and its books."""

    def __init__(self, world: World, books: Books) -> None:
        clock = Clock()
        platform = Platform(world, clock)
        announcer = Announcer(world, clock, platform)
        self._faults = Faults()
        self._notifier = Notifier(books, platform, self._faults)
        self._refund_ends = RefundEnds(books, clock, announcer, self._notifier)
        self._pay = Pay(world, books, clock, platform)
        refunds = Refunds(books, clock, self._refund_ends.wake)
        tokens = Tokens(world, books, clock)
        self._mini_routes = _mini_routes(
            MiniProgram(world, books, clock, tokens),
            tokens,
            Subscribe(books, tokens),
            Shipping(world, books, tokens),
            Content(books, clock, tokens),
        )
        bills = Bills(world, books, clock)
        self._pay_routes = _pay_routes(self._pay, refunds, bills)
        trace = Kuaidi100(world, books, clock)
        self._trace_routes = [
            Route("trace", "POST", re.compile(re.escape(TRACE_PATH)), trace.query)
        ]
        self._control_routes = _control_routes(
            PaymentControl(books, self._pay, announcer, self._notifier),
            RefundControl(books, refunds, self._refund_ends),
            BillControl(bills),
            MiniProgramControl(world, books, tokens),
            StateControl(books),
            ConditionControl(clock, self._faults),
        )

    def start(self) -> None:
        """Go on with what an earlier process left undone."""
        self._notifier.start()
        self._refund_ends.start()

    def answer(self, request: Request) -> Answer:
        """Answer one request.

        Raises:
            HangUp: a fault ends the connection.
        """
        if request.path.startswith("/_sim/"):
            return self._control_answer(request)
        if request.path.startswith("/v3/"):
            return self._pay_answer(request)
        if request.path.startswith("/poll/"):
            return self._trace_answer(request)
        return self._mini_answer(request)

    def _control_answer(self, request: Request) -> Answer:
        route, _ = _find(self._control_routes, request)
        return control_answer(lambda: route.act(request)) if route else NOT_FOUND

    def _mini_answer(self, request: Request) -> Answer:
        route, _ = _find(self._mini_routes, request)
        if route is None:
            return NOT_FOUND
        return answer_under(
            self._faults.take(route.name),
            lambda: errcode_answer(lambda: route.act(request)),
            error=lambda: BROKEN,
        )

    def _trace_answer(self, request: Request) -> Answer:
        route, _ = _find(self._trace_routes, request)
        if route is None:
            return NOT_FOUND
        return answer_under(
            self._faults.take(route.name),
            lambda: route.act(request),
            error=lambda: BROKEN,
        )

    def _pay_answer(self, request: Request) -> Answer:
        route, values = _find(self._pay_routes, request)
        if route is None:
            return self._pay.signed(PAY_NOT_FOUND)

        def signed(answer: Answer) -> Answer:
            return self._pay.signed(answer) if route.is_signed else answer

        def act() -> Answer:
            return self._pay.checked(request, lambda: route.act(request, *values))

        return answer_under(
            self._faults.take(route.name),
            lambda: signed(act()),
            error=lambda: signed(PAY_BROKEN),
        )


def _find(routes: list[Route], request: Request) -> tuple[Route | None, list[str]]:
    for route in routes:
        found = route.path.fullmatch(request.path)
        if found and route.method in (None, request.method):
            return route, list(found.groups())
    return None, []


def _mini_routes(
    mini: MiniProgram,
    tokens: Tokens,
    subscribe: Subscribe,
    shipping: Shipping,
    content: Content,
) -> list[Route]:
    acts: list[tuple[str, str, Act]] = [
        ("login", "/sns/jscode2session", mini.login),
        ("token", "/cgi-bin/stable_token", tokens.token),
        ("phone", "/wxa/business/getuserphonenumber", mini.phone),
        ("message", "/cgi-bin/message/subscribe/send", subscribe.send),
        ("shipping", "/wxa/sec/order/upload_shipping_info", shipping.upload),
        ("shipping", "/wxa/sec/order/get_order", shipping.order),
        ("shipping", DELIVERY_LIST_PATH, shipping.carriers),
        ("content", "/wxa/msg_sec_check", content.check),
    ]
    return [Route(name, None, re.compile(path), act) for name, path, act in acts]


def _pay_routes(pay: Pay, refunds: Refunds, bills: Bills) -> list[Route]:
    transactions, refunding = "/v3/pay/transactions", "/v3/refund/domestic/refunds"
    by_number = f"{transactions}/out-trade-no/([^/]+)"
    by_refund = re.compile(f"{refunding}/([^/]+)")
    return [
        Route("prepay", "POST", re.compile(f"{transactions}/jsapi"), pay.prepay),
        Route("query", "GET", re.compile(by_number), pay.query),
        Route("close", "POST", re.compile(f"{by_number}/close"), pay.close),
        Route("refund", "POST", re.compile(refunding), refunds.apply),
        # Not "refund": a test that loses a refund's answer means that one alone.
        Route("query", "GET", by_refund, refunds.query),
        Route("bill", "GET", re.compile("/v3/bill/tradebill"), bills.index),
        Route(
            "download",
            "GET",
            re.compile(DOWNLOAD_PATH),
            bills.download,
            is_signed=False,
        ),
    ]


def _control_routes(
    payments: PaymentControl,
    refunds: RefundControl,
    bills: BillControl,
    mini: MiniProgramControl,
    state: StateControl,
    conditions: ConditionControl,
) -> list[Route]:
    acts: list[tuple[str, str, Act]] = [
        ("POST", "pay", payments.pay),
        ("POST", "history", payments.enter),
        ("POST", "notify", payments.notify),
        ("DELETE", "notifications", payments.notifications_drop),
        ("POST", "refund", refunds.decide),
        ("POST", "refunds/hold", refunds.hold),
        ("POST", "refunds/refuse", refunds.refuse),
        ("POST", "bills", bills.change),
        ("POST", "subscribe", mini.subscribe),
        ("POST", "tokens/expire", mini.tokens_end),
        ("GET", "state", state.state),
        ("POST", "faults", conditions.fault_add),
        ("DELETE", "faults", conditions.faults_clear),
        ("POST", "clock", conditions.clock_shift),
    ]
    return [
        Route(name, method, re.compile(f"/_sim/{name}"), act)
        for method, name, act in acts
    ]
