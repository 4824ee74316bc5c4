"""Pay v3: the daily trade bill, offered in a signed answer and fetched without one.

Source: PAY/doc/v3/merchant, 申请交易账单 and 下载账单. By general knowledge alone:
which code refuses a day that is too early or too late.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from .bill_file import Line, bill_write
from .books import Books
from .clock import CHINA, Clock, moment
from .messages import Answer, Request, json_answer
from .pay_messages import PayError
from .world import World

READY_AT = timedelta(days=1, hours=10)  # from the beginning of the bill's day
MOST_AGE = timedelta(days=92)
TOKEN_SECONDS = 300
DOWNLOAD_PATH = "/v3/billdownload/file"


@dataclass(frozen=True)
class BillChanges:
    """How bills differ from the books, as a test has ordered it.

    `hide` and `amounts` (fen) go by out_trade_no and out_refund_no.
    """

    today: bool = False
    hide: frozenset[str] = frozenset()
    amounts: Mapping[str, int] = field(default_factory=dict)
    wrong_hash: bool = False


@dataclass(frozen=True)
class File:
    """What a token opens, and until when."""

    content: bytes
    content_type: str
    expires_at: float


class Bills:
    """The endpoints on one world's books; tokens end with the process."""

    def __init__(self, world: World, books: Books, clock: Clock) -> None:
        self._world = world
        self._books = books
        self._clock = clock
        self._lock = threading.Lock()
        self._files: dict[str, File] = {}
        self.changes = BillChanges()

    def index(self, request: Request) -> Answer:
        """Answer where a day's bill is, and its hash.

        Raises:
            PayError: as WeChat refuses.
        """
        changes = self.changes
        self._check_day(day := _day(request.query.get("bill_date", "")), changes)
        _check_kind(request.query)
        lines = list(self._lines(day, changes))
        if not lines:
            raise PayError(400, "NO_STATEMENT_EXIST", "账单文件不存在")
        content = bill_write(self._world, lines)
        token = self._offer(content, packed="tar_type" in request.query)
        hashed = content + b"\n" if changes.wrong_hash else content
        facts = {
            "hash_type": "SHA1",
            "hash_value": hashlib.sha1(hashed, usedforsecurity=False).hexdigest(),
            # Wherever the shop has found the simulator, there is the file.
            "download_url": f"http://{request.headers.get('host', '')}"
            f"{DOWNLOAD_PATH}?token={token}",
        }
        return json_answer(200, facts)

    def _check_day(self, day: date, changes: BillChanges) -> None:
        now = moment(self._clock.now())
        if not now.date() - MOST_AGE <= day <= now.date():
            raise PayError(400, "INVALID_REQUEST", "账单日期不在三个月内")
        if now < _beginning(day) + READY_AT and not changes.today:
            raise PayError(400, "STATEMENT_CREATING", "账单生成中")

    def _lines(self, day: date, changes: BillChanges) -> Iterator[Line]:
        begins = _beginning(day)
        since, until = begins.timestamp(), (begins + timedelta(days=1)).timestamp()
        for payment in self._books.payments_succeeded(since, until):
            number = payment.out_trade_no
            if number not in changes.hide:
                fen = changes.amounts.get(number, payment.total)
                yield Line(payment, None, fen)
        for payment, refund in self._books.refunds_accepted(since, until):
            number = refund.out_refund_no
            if number not in changes.hide:
                fen = changes.amounts.get(number, refund.refund)
                yield Line(payment, refund, fen)

    def _offer(self, content: bytes, *, packed: bool) -> str:
        token, now = secrets.token_urlsafe(48), self._clock.now()
        file = File(
            gzip.compress(content) if packed else content,
            "application/octet-stream" if packed else "text/plain",
            now + TOKEN_SECONDS,
        )
        with self._lock:
            known = self._files.items()
            fresh = {one: kept for one, kept in known if kept.expires_at > now}
            self._files = {**fresh, token: file}
        return token

    def download(self, request: Request) -> Answer:
        """Answer the file that the token opens, for five minutes.

        Raises:
            PayError: 400 for an unknown or old token.
        """
        file = self._files.get(request.query.get("token", ""))
        if file is None or file.expires_at <= self._clock.now():
            raise PayError(400, "INVALID_REQUEST", "请重新获取账单下载地址")
        return Answer(200, file.content, file.content_type)


def _day(text: str) -> date:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, flags=re.ASCII):
        raise PayError(400, "PARAM_ERROR", "bill_date须为yyyy-MM-DD")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise PayError(400, "PARAM_ERROR", "bill_date没有这一天") from error


def _check_kind(query: Mapping[str, str]) -> None:
    if query.get("bill_type", "ALL") != "ALL":
        raise PayError(400, "PARAM_ERROR", "这里只有bill_type为ALL的账单")
    if query.get("tar_type", "GZIP") != "GZIP":
        raise PayError(400, "PARAM_ERROR", "tar_type只能为GZIP")


def _beginning(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)
