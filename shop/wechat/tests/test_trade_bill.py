"""How a bill is read, and that of a bill that is odd nothing is used."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shop.wechat.errors import BillInvalid
from shop.wechat.tests.bill_file import (
    APPID,
    COLUMNS,
    MCHID,
    SUM_COLUMNS,
    bill_file,
    payment_line,
    refund_line,
)
from shop.wechat.trade_bill import Bill, PaymentRow, RefundRow, bill_read

CHINA = ZoneInfo("Asia/Shanghai")
PAYMENT = PaymentRow(
    appid=APPID,
    out_trade_no="PAY001",
    transaction_id="4200001",
    amount=Decimal("99.00"),
    paid_at=datetime(2026, 11, 25, 12, 0, 5, tzinfo=CHINA),
)
REFUND = RefundRow(
    appid=APPID,
    out_trade_no="PAY001",
    transaction_id="4200001",
    out_refund_no="REF001R01",
    refund_id="5030001",
    amount=Decimal("12.50"),
    status="PROCESSING",
    accepted_at=datetime(2026, 11, 25, 23, 59, 59, tzinfo=CHINA),
)


def read(content):
    return bill_read(content, mchid=MCHID)


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_payments_and_refunds_in_yuan_without_backticks(mark, end):
    content = mark + bill_file(payment_line(), refund_line(), end=end)
    assert read(content) == Bill({"PAY001": PAYMENT}, {"REF001R01": REFUND})


def test_a_day_without_rows():
    assert read(bill_file()) == Bill()


def test_columns_go_by_their_names():
    columns = ",".join(reversed(COLUMNS.split(","))) + ",新列"
    line = payment_line() | {"新列": "x"}
    assert read(bill_file(line, columns=columns)).payments == {"PAY001": PAYMENT}


@pytest.mark.parametrize(
    "name", ["茶,`杯", "`", ",`,`,`", "a\u2028b\x85c\x0bd", "\ufeff", "茶,杯"]
)
def test_whatever_goods_are_called_the_row_is_read(name):
    content = bill_file(payment_line(商品名称=name), refund_line(商品名称=name))
    assert read(content) == Bill({"PAY001": PAYMENT}, {"REF001R01": REFUND})


def test_a_payment_revoked_at_a_till_is_money_given_back():
    row = read(bill_file(refund_line(交易状态="REVOKED"))).refunds["REF001R01"]
    assert row == REFUND


RIGHT = dict(
    zip(
        SUM_COLUMNS.split(","),
        ["2", "98.00", "12.40", "0.10", "0.52000", "99.00", "12.50"],
        strict=True,
    )
)


def test_sums_may_have_more_places():
    sums = RIGHT | {"订单总金额": "99.00000"}
    assert len(read(bill_file(payment_line(), refund_line(), sums=sums)).payments) == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *[("总交易单数", value) for value in ("1", "3", "2.0", "")],
        *[("订单总金额", value) for value in ("99.01", "-99.00", "x", "")],
        *[("申请退款总金额", value) for value in ("12.49", "0.00")],
    ],
)
def test_rows_that_do_not_add_up_are_refused(column, value):
    with pytest.raises(BillInvalid):
        read(bill_file(payment_line(), refund_line(), sums=RIGHT | {column: value}))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *[("订单金额", value) for value in ("99.001", "-1", "1e3", "٣", "", "9" * 11)],
        *[("商户订单号", value) for value in ("", "P 1", "9" * 65, "单")],
        ("微信订单号", ""),
        *[("交易时间", value) for value in ("2026-11-31 00:00:00", "x", "")],
        ("交易状态", "USERPAYING"),
        ("商户号", "1900000002"),
    ],
)
def test_a_payment_with_an_odd_value_is_refused(column, value):
    # The sums are as if the value were right: nothing else gives it away.
    sums = RIGHT | {"总交易单数": "1", "申请退款总金额": "0.00"}
    with pytest.raises(BillInvalid):
        read(bill_file(payment_line(**{column: value}), sums=sums))


@pytest.mark.parametrize(
    ("column", "value"),
    [("商户退款单号", ""), ("微信退款单号", "x y"), ("申请退款金额", "12.505")],
)
def test_a_refund_with_an_odd_value_is_refused(column, value):
    sums = RIGHT | {"总交易单数": "1", "订单总金额": "0.00"}
    with pytest.raises(BillInvalid):
        read(bill_file(refund_line(**{column: value}), sums=sums))


@pytest.mark.parametrize("lines", [[payment_line()] * 2, [refund_line()] * 2])
def test_a_number_that_stands_there_twice_is_refused(lines):
    with pytest.raises(BillInvalid, match="单号重复"):
        read(bill_file(*lines))


@pytest.mark.parametrize(
    "column", ["交易时间", "公众账号ID", "商户号", "订单金额", "申请退款金额"]
)
def test_a_bill_without_a_column_is_refused(column):
    columns = ",".join(name for name in COLUMNS.split(",") if name != column)
    with pytest.raises(BillInvalid, match=f"缺少“{column}”列"):
        read(bill_file(payment_line(), columns=columns))


WHOLE = bill_file(payment_line(), refund_line())
HEADER, FIRST, SECOND, SUM_HEADER, SUMS = WHOLE.splitlines(keepends=True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        HEADER,
        HEADER + FIRST + SECOND,
        HEADER + FIRST + SECOND + SUM_HEADER,
        HEADER + FIRST + SUM_HEADER + SUMS,
        WHOLE + FIRST,
        WHOLE[: len(HEADER) + 100],
        HEADER + FIRST.replace(b"`CNY", b"CNY") + SECOND + SUM_HEADER + SUMS,
        WHOLE.replace("龙井茶".encode(), b"\xff"),
        b"<html></html>",
        b'{"code": "SYSTEM_ERROR"}',
    ],
)
def test_a_bill_that_is_not_whole_is_refused(content):
    with pytest.raises(BillInvalid):
        read(content)


@settings(deadline=None)
@given(
    at=st.integers(0, len(WHOLE)),
    length=st.integers(0, 60),
    put=st.binary(max_size=60) | st.text(max_size=20).map(str.encode),
)
def test_a_bill_that_was_tampered_with_is_read_or_refused(at, length, put):
    """Nothing else comes of it; here the hash is not there to tell."""
    try:
        bill = read(WHOLE[:at] + put + WHOLE[at + length :])
    except BillInvalid:
        return
    assert all(row.amount.as_tuple().exponent == -2 for row in bill.payments.values())
