"""What WeChat Pay is told, and that a slow one is given up, over real HTTP."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from secrets import token_hex

import pytest
from django.utils import timezone

from shop.wechat import pay
from shop.wechat.errors import WeChatUnavailable
from shop.wechat.miniprogram import code2session


@pytest.fixture
def prepay(simulator, settings):
    """Return what announces a payment of somebody whom WeChat knows."""
    openid = code2session("sim-ann").openid

    def announce(out_trade_no, description="茶"):
        return pay.prepay(
            out_trade_no=out_trade_no,
            description=description,
            amount=Decimal("0.01"),
            openid=openid,
            expires_at=timezone.now() + timedelta(minutes=30),
        )

    return announce


def test_slow_wechat_is_given_up(simulator, prepay):
    """Waited for, it would say yes to all three."""
    number = token_hex(12)
    prepay(number)
    calls = [
        lambda: prepay(token_hex(12)),
        lambda: pay.query(number),
        lambda: pay.close(number),
    ]
    for route in ("prepay", "query", "close"):
        simulator.fault(route, "slow", seconds=20)
    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(call) for call in calls]
        errors = [answer.exception() for answer in answers]
    assert [type(error) for error in errors] == [WeChatUnavailable] * 3


def test_long_description_is_cut_to_what_wechat_takes(prepay):
    assert prepay(token_hex(12), "长" * 127 + "了").startswith("wx")
