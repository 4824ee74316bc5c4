"""How a bill is asked for and fetched, and what is never taken for one."""

import gzip
import hashlib
import io
import json
from datetime import date
from types import SimpleNamespace

import pytest

from shop.wechat import pay
from shop.wechat.errors import (
    BillInvalid,
    BillNotReady,
    WeChatRefused,
    WeChatUnavailable,
)
from shop.wechat.pay import bills
from shop.wechat.tests.bill_file import bill_file, payment_line, refund_line
from shop.wechat.trade_bill import Bill, bill_read

DAY = date(2026, 11, 25)
PATH = "/v3/billdownload/file?token=t-1_2"
ASKED = "/v3/bill/tradebill?bill_date=2026-11-25&bill_type=ALL&tar_type=GZIP"


def sha1(content):
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


@pytest.fixture
def content(settings):
    mine = {"商户号": settings.WECHAT_MCHID}
    return bill_file(payment_line(**mine), refund_line(**mine))


@pytest.fixture
def offer(wechat_pay, settings):
    """Return what sets the two answers: where the bill is, and its file."""

    def told(packed, content=b"", **changes):
        where = {
            "hash_type": "SHA1",
            "hash_value": sha1(content),
            "download_url": settings.WECHAT_PAY_BASE + PATH,
        }
        wechat_pay.answers[:] = [json.dumps(where | changes).encode(), packed]

    return told


def test_the_bill_is_fetched_unpacked_and_read(offer, wechat_pay, content, settings):
    offer(gzip.compress(content), content)
    bill = pay.trade_bill(DAY)
    assert bill == bill_read(content, mchid=settings.WECHAT_MCHID)
    assert list(bill.payments) == ["PAY001"]
    assert list(bill.refunds) == ["REF001R01"]
    assert wechat_pay.asked == [ASKED, PATH]


def test_the_hash_may_be_written_in_capitals(offer, content):
    upper = sha1(content).upper()
    offer(gzip.compress(content), hash_value=upper)
    assert list(pay.trade_bill(DAY).payments) == ["PAY001"]


@pytest.mark.usefixtures("wechat_pay")
def test_a_day_without_a_bill_is_an_empty_one(say):
    say({"code": "NO_STATEMENT_EXIST", "message": "账单文件不存在"}, 400)
    assert pay.trade_bill(DAY) == Bill()


@pytest.mark.usefixtures("wechat_pay")
def test_a_bill_that_is_not_made_yet_is_asked_for_later(say):
    say({"code": "STATEMENT_CREATING", "message": "账单生成中"}, 400)
    with pytest.raises(BillNotReady) as raised:
        pay.trade_bill(DAY)
    assert isinstance(raised.value, WeChatUnavailable)


@pytest.mark.usefixtures("wechat_pay")
@pytest.mark.parametrize("code", ["INVALID_REQUEST", "NO_AUTH", "PARAM_ERROR"])
def test_a_refusal_is_told(say, code):
    say({"code": code, "message": "x"}, 400)
    with pytest.raises(WeChatRefused) as raised:
        pay.trade_bill(DAY)
    assert raised.value.wechat_code == code


@pytest.mark.parametrize(
    "url",
    [
        "https://bill.example/v3/billdownload/file?token=x",
        "{base}@bill.example/v3/billdownload/file?token=x",
        "{base}.bill.example/v3/billdownload/file?token=x",
        "{base}\\@bill.example/file",
        "//bill.example/file",
        "file:///etc/hostname",
        "",
        None,
        7,
    ],
)
def test_no_other_host_is_asked(offer, wechat_pay, content, settings, url):
    if isinstance(url, str):
        url = url.format(base=settings.WECHAT_PAY_BASE)
    offer(gzip.compress(content), content, download_url=url)
    with pytest.raises(BillInvalid, match="下载地址"):
        pay.trade_bill(DAY)
    assert wechat_pay.asked == [ASKED]


@pytest.mark.parametrize(
    "changes",
    [
        {"hash_value": sha1(b"another")},
        {"hash_value": ""},
        {"hash_value": None},
        {"hash_type": "MD5"},
        {"hash_type": None},
    ],
)
def test_another_hash_is_another_file(offer, content, changes):
    offer(gzip.compress(content), content, **changes)
    with pytest.raises(BillInvalid, match="校验值"):
        pay.trade_bill(DAY)


def damaged(content):
    packed = gzip.compress(content)
    yield packed[:-1]
    yield packed[: len(packed) // 2]
    yield packed[:-8] + bytes(8)
    yield packed[:20] + bytes(20) + packed[40:]
    yield packed + b"more"
    yield content
    yield b""


@pytest.mark.parametrize("number", range(7))
def test_a_damaged_file_is_refused(offer, content, number):
    offer(list(damaged(content))[number], content)
    with pytest.raises(BillInvalid):
        pay.trade_bill(DAY)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *[(status, WeChatRefused) for status in (301, 302, 307, 400, 403, 404)],
        *[(status, WeChatUnavailable) for status in (429, 500, 502, 503)],
    ],
)
def test_a_download_that_is_no_file(offer, wechat_pay, content, status, error):
    """A redirect is followed nowhere, not even on the same host."""
    offer((status, {"Location": "/elsewhere"}, gzip.compress(content)), content)
    with pytest.raises(error) as raised:
        pay.trade_bill(DAY)
    assert type(raised.value) is error
    assert wechat_pay.asked == [ASKED, PATH]


def test_no_token_stands_in_the_log(offer, content, caplog):
    offer((503, {}, b""), content)
    with pytest.raises(WeChatUnavailable):
        pay.trade_bill(DAY)
    offer(b"", content, download_url="https://bill.example/token=t-1_2")
    with pytest.raises(BillInvalid):
        pay.trade_bill(DAY)
    assert "t-1_2" not in caplog.text
    assert "bill_download" in caplog.text


def test_a_bomb_is_not_unpacked(offer):
    """A packed file of a megabyte that would be a gigabyte."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=9) as file:
        for _ in range(1024):
            file.write(bytes(1024 * 1024))
    offer(packed.getvalue(), b"")
    with pytest.raises(BillInvalid, match="过大"):
        pay.trade_bill(DAY)


def test_a_file_without_end_is_left(offer, content):
    offer(bytes(bills.BILL_MAX_BYTES + 1), content)
    with pytest.raises(BillInvalid, match="过大"):
        pay.trade_bill(DAY)


def test_a_file_that_trickles_is_left(offer, content, monkeypatch):
    """Each piece in time, all of them not: only the clock is made to run."""
    offer(gzip.compress(content), content)
    clock = SimpleNamespace(now=0.0)

    def monotonic():
        clock.now += bills.DOWNLOAD_SECONDS + 1
        return clock.now

    ticking = SimpleNamespace(monotonic=monotonic, time=bills.time.time)
    monkeypatch.setattr(bills, "time", ticking)
    with pytest.raises(WeChatUnavailable):
        pay.trade_bill(DAY)
