"""Which request goes where, and what stands between: faults and signatures."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .books import Books
from .clock import Clock
from .control import Control, control_answer
from .faults import Faults, answer_under
from .messages import Answer, Request, json_answer
from .miniprogram import MiniProgram, errcode_answer
from .notifications import Notifier
from .pay import Pay, PayError
from .signing import Platform
from .world import World

NOT_FOUND = json_answer(404, {"error": "no such route"})
BROKEN = Answer(500, b"Internal Server Error", "text/plain")
PAY_BROKEN = PayError(500, "SYSTEM_ERROR", "系统异常，请稍后重试").answer()
PAY_NOT_FOUND = PayError(404, "NOT_FOUND", "没有这一接口").answer()

Act = Callable[..., Answer]


@dataclass(frozen=True)
class Route:
    """One endpoint; `method` None leaves the judgement of the method to it."""

    name: str
    method: str | None
    path: re.Pattern[str]
    act: Act


class Router:
    """All endpoints on one world and its books."""

    def __init__(self, world: World, books: Books) -> None:
        clock = Clock()
        platform = Platform(world, clock)
        self._faults = Faults()
        self.notifier = Notifier(world, books, clock, platform, self._faults)
        self._pay = Pay(world, books, clock, platform)
        mini = MiniProgram(world, books, clock)
        control = Control(books, clock, self._faults, self._pay, self.notifier)
        self._mini_routes = _mini_routes(mini)
        self._pay_routes = _pay_routes(self._pay)
        self._control_routes = _control_routes(control)

    def answer(self, request: Request) -> Answer:
        """Answer one request.

        Raises:
            HangUp: a fault ends the connection.
        """
        if request.path.startswith("/_sim/"):
            return self._control_answer(request)
        if request.path.startswith("/v3/"):
            return self._pay_answer(request)
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

    def _pay_answer(self, request: Request) -> Answer:
        route, values = _find(self._pay_routes, request)
        if route is None:
            return self._pay.signed(PAY_NOT_FOUND)
        return answer_under(
            self._faults.take(route.name),
            lambda: self._pay.checked(request, lambda: route.act(request, *values)),
            error=lambda: self._pay.signed(PAY_BROKEN),
        )


def _find(routes: list[Route], request: Request) -> tuple[Route | None, list[str]]:
    for route in routes:
        found = route.path.fullmatch(request.path)
        if found and route.method in (None, request.method):
            return route, list(found.groups())
    return None, []


def _mini_routes(mini: MiniProgram) -> list[Route]:
    phone = re.compile("/wxa/business/getuserphonenumber")
    return [
        Route("login", None, re.compile("/sns/jscode2session"), mini.login),
        Route("token", None, re.compile("/cgi-bin/stable_token"), mini.token),
        Route("phone", None, phone, mini.phone),
    ]


def _pay_routes(pay: Pay) -> list[Route]:
    transactions = "/v3/pay/transactions"
    by_number = f"{transactions}/out-trade-no/([^/]+)"
    return [
        Route("prepay", "POST", re.compile(f"{transactions}/jsapi"), pay.prepay),
        Route("query", "GET", re.compile(by_number), pay.query),
        Route("close", "POST", re.compile(f"{by_number}/close"), pay.close),
    ]


def _control_routes(control: Control) -> list[Route]:
    return [
        Route("pay", "POST", re.compile("/_sim/pay"), control.pay),
        Route("notify", "POST", re.compile("/_sim/notify"), control.notify),
        Route("state", "GET", re.compile("/_sim/state"), control.state),
        Route("faults", "POST", re.compile("/_sim/faults"), control.fault_add),
        Route("faults", "DELETE", re.compile("/_sim/faults"), control.faults_clear),
        Route("clock", "POST", re.compile("/_sim/clock"), control.clock_shift),
    ]
