"""A whole shop of a test's own: web, worker, PostgreSQL and Valkey, and callers."""

import itertools
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from conftest import wait_until
from orders.tests.conftest import ADDRESS
from shop.devstack.simulator.process import SimulatorProcess
from shop.tests.servers import OwnValkey, PostgresCopy
from shop.tests.web_process import WIDE_LIMITS, WebProcess
from shop.tests.worker_process import worker_running

# What everybody may do at the same moment.
CALLERS = 16
TIMEOUT_SECONDS = 60
METRICS_TOKEN = "a-token-for-the-figures"


@dataclass(frozen=True)
class Told:
    """An answer as its caller saw it."""

    asked: str
    status: int
    seconds: float
    headers: Any = field(repr=False)
    data: Any = field(repr=False)


@dataclass(frozen=True)
class Shop:
    """What runs; the product that is for sale has plenty of pieces."""

    web: WebProcess
    worker: subprocess.Popen[bytes]
    postgres: PostgresCopy
    valkey: OwnValkey
    simulator: SimulatorProcess
    product_id: int

    @property
    def url(self) -> str:
        return f"http://{self.web.address}"

    def processes(self) -> tuple[int, list[int], int | None]:
        """Return who serves and works; the same ones, if nothing was restarted."""
        return self.web.process.pid, self.web.workers(), self.worker.poll()


class Caller:
    """A shopper with a phone; one who counts the seconds."""

    _numbers = itertools.count()

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.name = f"caller{next(self._numbers)}"
        self.told: list[Told] = []
        self._http = requests.Session()
        self._http.trust_env = False

    def ask(self, method: str, path: str, body: Any = None, **sent: Any) -> Told:
        began = time.monotonic()
        answer = self._http.request(
            method,
            f"{self.shop.url}{path}",
            json=body,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
            **sent,
        )
        seconds = time.monotonic() - began
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        data = answer.json() if is_json else answer.text
        self.told.append(
            Told(f"{method} {path}", answer.status_code, seconds, answer.headers, data)
        )
        return self.told[-1]

    def login(self) -> Told:
        told = self.ask("POST", "/api/auth/login", {"code": f"sim-{self.name}"})
        if told.status == 200:
            self.authorize(told.data["data"]["token"])
        return told

    def authorize(self, token: str) -> None:
        self._http.headers["Authorization"] = f"Bearer {token}"

    def staff_enter(self) -> None:
        """Log in at the back office, as a browser does."""
        path = "/admin/login/"
        self.ask("GET", path)
        token = self._http.cookies["csrftoken"]
        form = {"username": "boss", "password": "a-long-password-9"}
        told = self.ask("POST", path, data=form | {"csrfmiddlewaretoken": token})
        assert told.status == 302, told

    def order(self, **headers: str) -> Told:
        items = [{"productId": self.shop.product_id, "quantity": 1}]
        wish = {"items": items, "address": ADDRESS}
        return self.ask("POST", "/api/orders", wish, headers=headers)

    def prepay(self, order_no: str) -> str:
        """Begin to pay; return WeChat's number of it."""
        told = self.ask("POST", f"/api/orders/{order_no}/pay")
        return str(told.data["data"]["package"]).removeprefix("prepay_id=")

    def pay(self, order_no: str) -> None:
        """Pay as the shopper would; WeChat has told the shop when it ends."""
        wish = {"prepayId": self.prepay(order_no)}
        url = f"{self.shop.simulator.base_url}/_sim/pay"
        requests.post(url, json=wish, timeout=TIMEOUT_SECONDS).raise_for_status()

    def walk(self) -> str:
        """Look around, log in, order, pay and ask for the money back."""
        for path in (
            "/api/home",
            "/api/categories",
            "/api/products",
            f"/api/products/{self.shop.product_id}",
            "/api/products?keyword=茶",
        ):
            self.ask("GET", path)
        self.login()
        self.ask("GET", "/api/auth/user")
        number: str = self.order().data["data"]["orderNo"]
        self.pay(number)
        paid = self.ask("GET", f"/api/orders/{number}").data["data"]["status"]
        self.ask("POST", f"/api/orders/{number}/refunds", {"reason": "不想要了"})
        self.ask("GET", "/api/orders")
        return str(paid)


def together(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do all of them at the same moment."""
    with ThreadPoolExecutor(len(acts)) as pool:
        return [one.result() for one in [pool.submit(act) for act in acts]]


@contextmanager
def shop_running(
    folder: Path, simulator: SimulatorProcess, product_id: int
) -> Iterator[Shop]:
    """Run a shop on copies of what the test has committed."""
    for name in ("postgres", "valkey", "web"):
        (folder / name).mkdir(parents=True)
    postgres, valkey = PostgresCopy(folder / "postgres"), OwnValkey(folder / "valkey")
    try:
        postgres.start()
        valkey.start()
        settings = {
            "DATABASE_URL": postgres.url,
            "VALKEY_URL": valkey.url,
            "WECHAT_API_BASE": simulator.base_url,
            "WECHAT_PAY_BASE": simulator.base_url,
            "KUAIDI100_BASE": simulator.base_url,
            "GUNICORN_WORKERS": "2",
            "METRICS_TOKEN": METRICS_TOKEN,
            **WIDE_LIMITS,
        }
        with (
            WebProcess(folder / "web", **settings) as web,
            worker_running(
                folder / "worker.log",
                PUBLIC_URL=f"http://{web.address}",
                **settings,
            ) as worker,
        ):
            # The first answers before the second is forked.
            wait_until(lambda: len(web.workers()) == 2)
            yield Shop(web, worker, postgres, valkey, simulator, product_id)
            postgres.wake()
            valkey.wake()
    finally:
        postgres.stop()
        valkey.stop()
