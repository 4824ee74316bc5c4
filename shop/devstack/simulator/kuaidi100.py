"""Kuaidi100: where a parcel is, told to who signs the question."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import parse_qsl

from .books import Books
from .clock import Clock, moment
from .messages import Answer, Request, json_answer
from .world import World

PATH = "/poll/query.do"
# What happens to each parcel: hours after it was picked up, state, what is written.
JOURNEY = (
    (0, "1", "【杭州市】您的快件已由快递员揽收"),
    (2, "0", "【杭州市】快件已到达杭州转运中心"),
    (4, "0", "【杭州市】快件已发往目的地转运中心"),
    (20, "0", "快件已到达目的地转运中心"),
    (28, "5", "快递员正在派送,请保持电话畅通"),
    (32, "3", "您的快件已签收,感谢使用"),
)
CODES = (
    *("shunfeng", "zhongtong", "yuantong", "shentong", "yunda"),
    *("jtexpress", "ems", "youzhengguonei", "jd", "debangkuaidi"),
)
WITH_PHONE = ("shunfeng", "zhongtong")
# A number that is asked about for the first time has been on its way for as many hours
# as its last two digits say.
_HEAD_START_DIGITS = 2


class Refused(Exception):
    """A refusal as Kuaidi100 makes it: HTTP 200 with a returnCode."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code, self.text = code, text


class Kuaidi100:
    """The endpoint on one world's books."""

    def __init__(self, world: World, books: Books, clock: Clock) -> None:
        self._world = world
        self._books = books
        self._clock = clock

    def query(self, request: Request) -> Answer:
        """Answer where a parcel is."""
        try:
            return json_answer(200, self._told(request))
        except Refused as refusal:
            refused = {"result": False, "returnCode": refusal.code}
            return json_answer(200, {**refused, "message": refusal.text})

    def _told(self, request: Request) -> dict[str, object]:
        """Raises: Refused."""
        asked = self._checked(request)
        number = str(asked.get("num", ""))
        if not 6 <= len(number) <= 32 or asked.get("com") not in CODES:
            raise Refused("400", "提交的数据不完整或者格式不正确")
        if asked["com"] in WITH_PHONE and not asked.get("phone"):
            raise Refused("408", "快递公司参数异常:验证码错误")
        now = self._clock.now()
        picked_up = self._books.parcel_picked_up(number, now - _head_start(number))
        steps = [
            (picked_up + hours * 3600, state, text)
            for hours, state, text in JOURNEY
            if picked_up + hours * 3600 <= now
        ]
        if not steps:
            raise Refused("500", "查询无结果,请隔段时间再查")
        written = [
            {"context": text, "time": _written(at), "ftime": _written(at)}
            for at, _, text in reversed(steps)
        ]
        state = steps[-1][1]
        return {
            "message": "ok",
            "nu": number,
            "ischeck": "1" if state == "3" else "0",
            "com": asked["com"],
            "status": "200",
            "state": state,
            "data": written,
        }

    def _checked(self, request: Request) -> dict[str, object]:
        """Return what is asked, once the signature is right.

        Raises: Refused.
        """
        try:
            form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
            param = form["param"]
            asked = json.loads(param)
        except (KeyError, ValueError):
            raise Refused("400", "提交的数据不完整") from None
        customer, key = self._world["mchid"], self._world["secret"]
        if form.get("customer") != customer:
            raise Refused("601", "POLL:KEY已过期")
        sign = hashlib.md5(f"{param}{key}{customer}".encode(), usedforsecurity=False)
        if form.get("sign") != sign.hexdigest().upper():
            raise Refused("503", "验证签名失败")
        return asked if isinstance(asked, dict) else {}


def _head_start(number: str) -> float:
    hours = number[-_HEAD_START_DIGITS:]
    return int(hours) * 3600 if hours.isdecimal() else 0


def _written(at: float) -> str:
    return moment(at).strftime("%Y-%m-%d %H:%M:%S")
