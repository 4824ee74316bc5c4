import gzip
import hashlib
from datetime import datetime, time, timedelta, timezone

import pytest

from .merchant import Merchant, refusal

CHINA = timezone(timedelta(hours=8))
TODAY = datetime.now(CHINA).date()  # once: a test may cross midnight
HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,"
    "交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,"
    "商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,"
    "申请退款总金额"
)
CREATING = (400, "STATEMENT_CREATING")
NONE = (400, "NO_STATEMENT_EXIST")


@pytest.fixture
def merchant(own):
    """A merchant at noon, whose refunds end when its test says so."""
    own.hold_refunds()
    return at(own, Merchant(own.world, own.base_url), 12)


@pytest.fixture
def paid(own, merchant):
    """A payment of 99.00 yuan, yesterday at noon."""
    number = pay(own, at(own, merchant, -12), attach="order 7")
    at(own, merchant, 12)
    return number


def at(own, merchant, hours):
    """Move the simulator's clock and the merchant's to an hour of today."""
    wanted = datetime.combine(TODAY, time(), CHINA) + timedelta(hours=hours)
    own.shift_clock(offset := (wanted - datetime.now(CHINA)).total_seconds())
    return merchant.signed_at(offset)


def pay(own, merchant, **changed):
    number = merchant.placed(time_expire=None, **changed)
    own.pay(number)
    return number


def day(days=0):
    return (TODAY + timedelta(days=days)).isoformat()


def sha1(content):
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def lines(merchant, date):
    facts = merchant.bill(date).json()
    packed = merchant.fetch(facts["download_url"])
    content = gzip.decompress(packed.content)
    assert packed.status_code == 200
    assert facts["hash_type"] == "SHA1"
    assert facts["hash_value"] == sha1(content)
    return content.decode("utf-8-sig").removesuffix("\r\n").split("\r\n")


def test_a_days_bill(own, merchant, paid):
    refund = merchant.refunded(
        paid, amount={"refund": 3300, "total": 9900, "currency": "CNY"}
    )
    own.change_bills(today=True)
    header, payment, sums, figures = lines(merchant, day(-1))
    assert (header, sums) == (HEADER, SUMS)
    world, known = own.world, own.payment(paid)
    openid, transaction_id = known["openid"], known["transactionId"]
    fixed = f"`{world['appid']},`{world['mchid']},`0,`,`{transaction_id},`{paid}"
    noon = f"`{day(-1)} 12:00:0"
    stamp = payment[: len(noon)]
    assert stamp == noon
    assert payment[len(noon) + 1 :] == (
        f",{fixed},`{openid},`JSAPI,`SUCCESS,`OTHERS,`CNY,`99.00,`0.00,`0,`0,`0.00,"
        "`0.00,`,`,`云南小粒咖啡 两包,`order 7,`0.59000,`0.60%,`99.00,`0.00,`"
    )
    assert figures == "`1,`99.00,`0.00,`0.00,`0.59000,`99.00,`0.00"
    refund_id = own.refund(refund)["refundId"]
    _, refunded, _, figures = lines(merchant, day())
    assert refunded.startswith(f"`{day()} ")
    assert refunded.endswith(
        f",{fixed},`{openid},`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,`0.00,`{refund_id},"
        f"`{refund},`33.00,`0.00,`ORIGINAL,`PROCESSING,`云南小粒咖啡 两包,`order 7,"
        "`-0.20000,`0.60%,`0.00,`33.00,`"
    )
    assert figures == "`1,`0.00,`33.00,`0.00,`-0.20000,`0.00,`33.00"


@pytest.mark.parametrize(
    ("status", "told"), [("SUCCESS", "SUCCESS"), ("ABNORMAL", "FAIL")]
)
def test_a_refunds_status(own, merchant, paid, status, told):
    own.refund_decide(merchant.refunded(paid), status)
    own.change_bills(today=True)
    assert f",`ORIGINAL,`{told}," in lines(merchant, day())[1]


def test_a_closed_refund_moved_no_money(own, merchant, paid):
    own.refund_decide(merchant.refunded(paid), "CLOSED")
    own.change_bills(today=True)
    assert refusal(merchant.bill(day())) == NONE


def test_rows_stand_by_their_time(own, merchant, paid):
    pay(own, at(own, merchant, -11))
    at(own, merchant, -11.5).refunded(paid)
    at(own, merchant, 12)
    _, *rows, _, figures = lines(merchant, day(-1))
    assert [row.split(",`")[9] for row in rows] == ["SUCCESS", "REFUND", "SUCCESS"]
    assert figures == "`3,`198.00,`99.00,`0.00,`0.59000,`198.00,`99.00"


def test_an_unpaid_payment_is_in_no_bill(own, merchant):
    merchant.placed(time_expire=None)
    own.change_bills(today=True)
    assert refusal(merchant.bill(day())) == NONE


def test_a_day_is_chinas(own, merchant):
    late, early = (pay(own, at(own, merchant, hours)) for hours in (-0.01, 0.01))
    at(own, merchant, 34)
    for number, days in ((late, -1), (early, 0)):
        _, row, _, _ = lines(merchant, day(days))
        assert row.split(",`")[6] == number


@pytest.mark.usefixtures("paid")
def test_ready_at_ten_of_the_next_day(own, merchant):
    assert refusal(at(own, merchant, 9.99).bill(day(-1))) == CREATING
    assert at(own, merchant, 10).bill(day(-1)).status_code == 200
    assert refusal(merchant.bill(day())) == CREATING


def test_three_months_and_no_future(own, merchant):
    own.change_bills(today=True)
    assert refusal(merchant.bill(day(-92))) == NONE
    assert refusal(merchant.bill(day(-93))) == (400, "INVALID_REQUEST")
    assert refusal(merchant.bill(day(1))) == (400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    "changed",
    [
        {"bill_date": None},
        {"bill_date": "20260101"},
        {"bill_date": "2026-02-30"},
        {"bill_type": "REFUND"},
        {"tar_type": "ZIP"},
    ],
)
def test_a_wrong_parameter_is_refused(merchant, changed):
    assert refusal(merchant.bill(day(-1), **changed)) == (400, "PARAM_ERROR")


@pytest.mark.usefixtures("paid")
def test_unpacked_when_not_asked_to_pack(merchant):
    facts = merchant.bill(day(-1), tar_type=None, bill_type=None).json()
    plain = merchant.fetch(facts["download_url"])
    assert plain.content.startswith(b"\xef\xbb\xbf" + HEADER.encode() + b"\r\n`")
    assert facts["hash_value"] == sha1(plain.content)


@pytest.mark.usefixtures("paid")
def test_the_download_is_unsigned_and_its_request_is_not(own, merchant):
    url = merchant.bill(day(-1)).json()["download_url"]
    assert url.startswith(f"{own.base_url}/v3/billdownload/file?token=")
    assert "Wechatpay-Signature" not in merchant.fetch(url).headers
    refused = merchant.fetch(url, signature="bm9uZQ==")
    assert refusal(refused) == (401, "SIGN_ERROR")


@pytest.mark.usefixtures("paid")
def test_a_token_lives_five_minutes(own, merchant):
    url = merchant.bill(day(-1)).json()["download_url"]
    assert at(own, merchant, 12 + 290 / 3600).fetch(url).status_code == 200
    late = at(own, merchant, 12 + 301 / 3600).fetch(url)
    assert refusal(late) == (400, "INVALID_REQUEST")


@pytest.mark.usefixtures("paid")
def test_another_token_opens_nothing(merchant):
    url = merchant.bill(day(-1)).json()["download_url"]
    assert refusal(merchant.fetch(url + "x")) == (400, "INVALID_REQUEST")


def test_a_bill_that_lacks_a_payment_or_a_refund(own, merchant, paid):
    other = pay(own, merchant)
    refund = merchant.refunded(paid)
    own.change_bills(today=True, hide=[other, paid])
    _, row, _, figures = lines(merchant, day())
    assert row.split(",`")[15] == refund
    assert figures == "`1,`0.00,`99.00,`0.00,`-0.59000,`0.00,`99.00"
    own.change_bills(today=True, hide=[refund])
    _, row, _, _ = lines(merchant, day())
    assert row.split(",`")[6] == other


def test_a_bill_with_other_amounts(own, merchant, paid):
    refund = merchant.refunded(paid)
    other = pay(own, merchant)
    own.change_bills(today=True, amounts={refund: 1, other: 10005})
    *_, figures = lines(merchant, day())
    assert figures == "`2,`100.05,`0.01,`0.00,`0.60000,`100.05,`0.01"
    assert own.payment(other)["total"] == 9900


@pytest.mark.usefixtures("paid")
def test_a_wrong_hash_until_changed_back(own, merchant):
    own.change_bills(wrong_hash=True)
    facts = merchant.bill(day(-1)).json()
    content = gzip.decompress(merchant.fetch(facts["download_url"]).content)
    assert facts["hash_value"] != sha1(content)
    own.change_bills()
    lines(merchant, day(-1))


def test_commas_and_line_ends_in_a_description(own, merchant):
    pay(own, merchant, description="茶,一\r\n`二`")
    own.change_bills(today=True)
    _, row, _, _ = lines(merchant, day())
    assert row.split(",`")[20] == "茶,一 `二`"


@pytest.mark.parametrize(
    "wanted",
    [
        {"today": 1},
        {"hide": "all"},
        {"hide": [7]},
        {"amounts": []},
        {"amounts": {"a": -1}},
        {"amounts": {"a": 1.5}},
        {"wrongHash": "yes"},
    ],
)
def test_senseless_changes_are_refused(own, wanted):
    assert own.call("POST", "/_sim/bills", wanted).status_code == 400


@pytest.mark.usefixtures("paid")
def test_faults_of_the_download_are_its_own(own, merchant):
    own.fault("download", "half_json")
    own.fault("download", "html")
    own.fault("download", "500")
    url = merchant.bill(day(-1)).json()["download_url"]
    with pytest.raises(EOFError):
        gzip.decompress(merchant.fetch(url).content)
    assert merchant.fetch(url).headers["Content-Type"] == "text/html"
    broken = merchant.fetch(url)
    assert refusal(broken) == (500, "SYSTEM_ERROR")
    assert "Wechatpay-Signature" not in broken.headers
    assert merchant.fetch(url).status_code == 200
