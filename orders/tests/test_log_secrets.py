"""A shopper's whole path, faults included: nothing secret or personal in any log."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog.models import Product
from orders.jobs import orders_sweep
from orders.models import Payment
from orders.tests.conftest import ADDRESS
from orders.tests.test_path import Shopper
from shop.devstack.simulator.process import SimulatorProcess
from shop.logs.formatters import JsonFormatter, ReadableFormatter
from shop.logs.handlers import RotatableFileHandler

PHONE = "13987654321"
ADDRESS_OF_CANARY = ADDRESS | {"name": "金丝雀", "phone": PHONE, "detail": "秘密路9号"}
FORMATTERS = (JsonFormatter, ReadableFormatter)


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Write everything, as production and as development do; return what reads it."""
    loggers = [logging.getLogger(), logging.getLogger("shop.access")]
    handlers = [RotatableFileHandler(tmp_path / one.__name__) for one in FORMATTERS]
    for handler, formatter in zip(handlers, FORMATTERS, strict=True):
        handler.setFormatter(formatter())
        for logger in loggers:
            logger.addHandler(handler)
    yield lambda: "".join(path.read_text() for path in tmp_path.iterdir())
    for logger in loggers:
        for handler in handlers:
            logger.removeHandler(handler)
            handler.close()


def faults_meet(shopper: Shopper, simulator: SimulatorProcess, code: str) -> None:
    """Let WeChat, a view and the database fail, with the canaries in their hands."""
    for kind in ("reset", "html", "500", "half_json"):
        simulator.fault("login", kind)
        shopper.call("POST", "/api/auth/login", 503, code=code)
    simulator.fault("phone", "reset")
    shopper.call("POST", "/api/auth/phone", 503, code=f"simphone-{PHONE}")
    shopper.http.get(f"{shopper.base}/api/broken/crash?token={code}", timeout=30)
    shopper.http.get(f"{shopper.base}/outside/crash?token={code}", timeout=30)
    shopper.http.get(f"{shopper.base}/api/row?phone={PHONE}", timeout=30)
    shopper.http.get(f"{shopper.base}/api/nothing/{PHONE}", timeout=30)


def bought(shopper: Shopper, simulator: SimulatorProcess, tea: Product) -> Any:
    """Pay for an order at the second try; return what the mini-program pays with."""
    items = [{"productId": tea.pk, "quantity": 1}]
    order_no = shopper.call(
        "POST", "/api/orders", 201, items=items, address=ADDRESS_OF_CANARY
    )["orderNo"]
    simulator.fault("prepay", "drop_reply")
    shopper.call("POST", f"/api/orders/{order_no}/pay", 503)
    pay = shopper.call("POST", f"/api/orders/{order_no}/pay")
    simulator.pay(prepay_id=pay["package"].removeprefix("prepay_id="))
    return pay


@pytest.mark.usefixtures("audited")
def test_no_canary_in_any_log(
    shop_server: Any,
    simulator: SimulatorProcess,
    product_make: Callable[..., Product],
    logs: Callable[[], str],
    settings: Any,
) -> None:
    settings.ROOT_URLCONF = "shop.tests.broken_urls"
    tea = product_make(stock=3)
    shopper = Shopper(shop_server.url)
    code = "sim-canary-of-the-login"
    session = shopper.login(code)
    faults_meet(shopper, simulator, code)
    shopper.call("POST", "/api/auth/phone", code=f"simphone-{PHONE}")
    pay = bought(shopper, simulator, tea)
    orders_sweep(timestamp=0)
    refreshed = shopper.call(
        "POST", "/api/auth/refresh", refreshToken=session["refreshToken"]
    )
    shopper.call("POST", "/api/auth/logout", refreshToken=refreshed["refreshToken"])

    payment = Payment.objects.get()
    text = logs()
    assert text.count("unhandled error") == 4
    assert '"status":503' in text
    canaries = {
        code,
        f"simphone-{PHONE}",
        PHONE,
        "金丝雀",
        "秘密路9号",
        session["token"],
        session["refreshToken"],
        refreshed["token"],
        payment.prepay_id,
        pay["paySign"],
        payment.facts["payer"]["openid"],
        settings.WECHAT_SECRET,
        settings.WECHAT_API_V3_KEY,
        settings.SECRET_KEY,
        settings.DATABASES["default"]["PASSWORD"],
        "jscode2session?",
        "Bearer ey",
    }
    assert sorted(canary for canary in canaries if canary in text) == []
