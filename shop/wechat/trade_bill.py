"""The daily trade bill: the file that WeChat makes of what was paid and refunded.

A header, a row for each payment and each refund, a header of the sums, the sums. Each
value has a backtick before it; amounts are yuan.

Source: PAY/…/products/bill-download/format-trade.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from io import BytesIO

from django.utils import timezone

from shop.wechat.errors import BillInvalid

# What merchants number with; WeChat's own numbers are of it, too.
_NUMBER = re.compile(r"[0-9A-Za-z_|*@-]{1,64}")
_YUAN = re.compile(r"[0-9]{1,10}(\.[0-9]{1,5})?")
_SEPARATOR = ",`"
# The one column whose text people choose, before the merchant's own: a separator in
# it does not end it.
_NAME = "商品名称"
_PAYMENT = "SUCCESS"
# A payment at a till that was revoked gives money back as a refund does.
_REFUNDS = ("REFUND", "REVOKED")


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """Money that came on the day; `amount` is what was asked for, coupons included."""

    appid: str
    out_trade_no: str
    transaction_id: str
    amount: Decimal
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A refund that WeChat accepted on the day.

    `status` (PROCESSING, SUCCESS, FAIL) is as it was when the bill was made, and never
    brought up to date there.
    """

    appid: str
    out_trade_no: str
    transaction_id: str
    out_refund_no: str
    refund_id: str
    amount: Decimal
    status: str
    accepted_at: datetime


@dataclass(frozen=True, slots=True)
class Bill:
    """A day's payments by out_trade_no, its refunds by out_refund_no."""

    payments: dict[str, PaymentRow] = field(default_factory=dict)
    refunds: dict[str, RefundRow] = field(default_factory=dict)


def bill_read(content: bytes, *, mchid: str) -> Bill:
    """Read a whole bill of this merchant, and check its rows against its sums.

    Raises: BillInvalid, when anything in it is not as it should be.
    """
    lines = _lines(content)
    columns = next(lines, "").split(",")
    bill, sums = Bill(), _Sums()
    for line in lines:
        if not line.startswith("`"):
            sums.check(line.split(","), lines)
            return bill
        row = _Row(columns, line)
        if row["商户号"] != mchid:
            raise BillInvalid("微信账单不属于本商户")
        _add(bill, row)
        sums.add(row)
    raise BillInvalid("微信账单不完整,缺少汇总")


def _lines(content: bytes) -> Iterator[str]:
    # Not splitlines(), which would end a line at characters that a name may have.
    for raw in BytesIO(content.removeprefix(b"\xef\xbb\xbf")):
        try:
            yield raw.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise BillInvalid("微信账单编码有误") from None


class _Row:
    """A line's values by the names of their columns."""

    def __init__(self, columns: Sequence[str], line: str) -> None:
        values = line.removeprefix("`").split(_SEPARATOR)
        extra = len(values) - len(columns)
        if extra > 0 and _NAME in columns:
            at = columns.index(_NAME)
            values[at : at + extra + 1] = [""]
        if len(values) != len(columns):
            raise BillInvalid("微信账单列数有误")
        self._values = dict(zip(columns, values, strict=True))

    def __getitem__(self, column: str) -> str:
        try:
            return self._values[column]
        except KeyError:
            raise BillInvalid(f"微信账单缺少“{column}”列") from None

    def number(self, column: str) -> str:
        """Return what fits where numbers are kept."""
        if _NUMBER.fullmatch(self[column]):
            return self[column]
        raise BillInvalid(f"微信账单“{column}”有误")

    def yuan(self, column: str) -> Decimal:
        """Return an amount in whole cents."""
        if _YUAN.fullmatch(self[column]):
            amount = Decimal(self[column])
            if amount == (cents := amount.quantize(Decimal("0.01"))):
                return cents
        raise BillInvalid(f"微信账单“{column}”有误")

    def moment(self, column: str) -> datetime:
        """Return a moment, which is written in China's time."""
        try:
            return timezone.make_aware(
                datetime.strptime(self[column], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - made aware
            )
        except ValueError:
            raise BillInvalid(f"微信账单“{column}”有误") from None


def _add(bill: Bill, row: _Row) -> None:
    """Add a row by its kind; no number may stand there twice."""
    if row["交易状态"] == _PAYMENT:
        payment = _payment(row)
        is_new = bill.payments.setdefault(payment.out_trade_no, payment) is payment
    elif row["交易状态"] in _REFUNDS:
        refund = _refund(row)
        is_new = bill.refunds.setdefault(refund.out_refund_no, refund) is refund
    else:
        raise BillInvalid("微信账单“交易状态”有误")
    if not is_new:
        raise BillInvalid("微信账单单号重复")


def _payment(row: _Row) -> PaymentRow:
    return PaymentRow(
        appid=row["公众账号ID"],
        out_trade_no=row.number("商户订单号"),
        transaction_id=row.number("微信订单号"),
        # Not 应结订单金额: what WeChat's own coupons paid is missing there.
        amount=row.yuan("订单金额"),
        paid_at=row.moment("交易时间"),
    )


def _refund(row: _Row) -> RefundRow:
    return RefundRow(
        appid=row["公众账号ID"],
        out_trade_no=row.number("商户订单号"),
        transaction_id=row.number("微信订单号"),
        out_refund_no=row.number("商户退款单号"),
        refund_id=row.number("微信退款单号"),
        # Not 退款金额, for the same reason.
        amount=row.yuan("申请退款金额"),
        status=row["退款状态"][:20],
        accepted_at=row.moment("交易时间"),
    )


class _Sums:
    """What the rows add up to, to be compared with the bill's own sums."""

    def __init__(self) -> None:
        self._rows = 0
        self._paid = self._refunded = Decimal("0.00")

    def add(self, row: _Row) -> None:
        self._rows += 1
        self._paid += row.yuan("订单金额")
        self._refunded += row.yuan("申请退款金额")

    def check(self, columns: Sequence[str], lines: Iterator[str]) -> None:
        """Compare with the line of sums, after which nothing may come."""
        said = _Row(columns, next(lines, ""))
        if any(lines):
            raise BillInvalid("微信账单汇总之后还有内容")
        if (
            said["总交易单数"] != str(self._rows)
            or said.yuan("订单总金额") != self._paid
            or said.yuan("申请退款总金额") != self._refunded
        ):
            raise BillInvalid("微信账单明细与汇总不符")
