"""What WeChat Pay is told, and that a slow one is given up, over real HTTP."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial
from secrets import token_hex

from conftest import soon_given_up
from shop.wechat import pay
from shop.wechat.errors import WeChatUnavailable


def test_slow_wechat_is_given_up(simulator, prepay):
    """Waited for, it would say yes to all."""
    open_number, paid_number = token_hex(12), token_hex(12)
    prepay(open_number)
    prepay(paid_number)
    refund = partial(
        pay.refund,
        transaction_id=simulator.pay(paid_number),
        reason="不想要了",
        amount=Decimal("0.01"),
        total=Decimal("0.02"),
    )
    refund(out_refund_no=f"{paid_number}R1")
    calls = [
        lambda: prepay(token_hex(12)),
        lambda: pay.query(open_number),
        lambda: pay.close(open_number),
        lambda: refund(out_refund_no=f"{paid_number}R2"),
        lambda: pay.refund_query(f"{paid_number}R1"),
    ]
    for route in ("prepay", "query", "query", "close", "refund"):
        simulator.fault(route, "slow", seconds=20)
    with soon_given_up(), ThreadPoolExecutor(len(calls)) as pool:
        answers = [pool.submit(call) for call in calls]
        errors = [type(answer.exception()) for answer in answers]
    assert errors == [WeChatUnavailable] * len(calls)


def test_long_description_is_cut_to_what_wechat_takes(prepay):
    assert prepay(token_hex(12), "长" * 127 + "了").startswith("wx")
