"""The shop as on a server, walked through while each of its parts fails."""

import json
from base64 import b32decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from accounts.encryption import text_decrypt
from accounts.models import TotpDevice, User
from accounts.services import enrolment_make, second_factor_turn_on
from accounts.tests.second_factor.codes import code_of
from catalog.models import Product
from conftest import wait_until
from deploy.tests.long.canaries import (
    LOGIN_CODE,
    NAME_TYPED,
    PERSON,
    PHONE,
    PHONE_IN_PATH,
    SAID,
    STAFF_PASSWORD,
    WRONG_PASSWORD,
)
from deploy.tests.long.forms import by_form
from deploy.tests.node import Node
from deploy.tests.site import Answer, Site
from orders.models import Order, Payment
from orders.services.fulfilment import order_ship
from orders.services.refunds import refund_approve
from shop.devstack.simulator.process import SimulatorProcess
from shop.tests.worker_process import worker_running

REFUND_FAILED = "wechat pay refund: ConnectionError"


@dataclass
class Watched:
    """The running shop, all that it has answered, and the words to look for."""

    site: Site
    node: Node
    wechat: SimulatorProcess
    folder: Path
    env: dict[str, str]
    words: dict[str, str]
    told: list[Any]
    token: str = ""
    refused: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)

    def call(self, method: str, path: str, status: int, **body: Any) -> Any:
        """Send it as the shopper; return the data."""
        answer = self.site.call(method, path, body or None, token=self.token)
        assert answer.status == status, (path, answer.body)
        self.keep(answer)
        return answer.json["data"]

    def keep(self, answer: Answer) -> None:
        text = answer.body.decode()
        (self.refused if answer.status >= 400 else self.answered).append(text)

    def broken(self, path: str, **how: Any) -> None:
        """Ask for what breaks, or is refused."""
        answer = self.site.call(how.pop("method", "GET"), path, **how)
        assert answer.status >= 400, (path, answer.body)
        self.keep(answer)


def login_through_faults(shop: Watched) -> None:
    for kind in ("reset", "html", "500", "half_json"):
        shop.wechat.fault("login", kind)
        shop.call("POST", "/api/auth/login", 503, code=LOGIN_CODE)
    session = shop.call("POST", "/api/auth/login", 200, code=LOGIN_CODE)
    shop.token = session["token"]
    shop.wechat.fault("phone", "half_json")
    shop.call("POST", "/api/auth/phone", 503, code=f"simphone-{PHONE}")
    shop.call("POST", "/api/auth/phone", 200, code=f"simphone-{PHONE}")
    shop.call("PUT", "/api/auth/user", 200, nickname=SAID["nickname"])
    shop.call("POST", "/api/search/history", 201, keyword=SAID["search"])
    user = User.objects.get(is_staff=False)
    shop.words |= {
        "access token": session["token"],
        "refresh token": session["refreshToken"],
        "openid": str(user.openid),
        "session_key": text_decrypt(user.session_key_encrypted),
    }


def order_through_faults(shop: Watched, tea: Product) -> Order:
    home = shop.call("POST", "/api/addresses", 201, **PERSON)
    number = shop.call(
        "POST",
        "/api/orders",
        201,
        items=[{"productId": tea.pk, "quantity": 1}],
        addressId=home["id"],
        remark=SAID["remark"],
    )["orderNo"]
    shop.wechat.fault("prepay", "drop_reply")
    shop.call("POST", f"/api/orders/{number}/pay", 503)
    pay = shop.call("POST", f"/api/orders/{number}/pay", 200)
    shop.wechat.pay(prepay_id=pay["package"].removeprefix("prepay_id="))
    order = Order.objects.get(order_no=number)
    shop.words |= {
        "prepay id": Payment.objects.get().prepay_id,
        "pay sign": pay["paySign"],
    }
    return order


@contextmanager
def table_gone(name: str) -> Iterator[None]:
    """Take a table away until the block ends."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {name} RENAME TO gone")
        try:
            yield
        finally:
            cursor.execute(f"ALTER TABLE gone RENAME TO {name}")


def database_fails(shop: Watched) -> None:
    """Take a table away, break a constraint, end every connection."""
    with table_gone("accounts_address"):
        shop.call("POST", "/api/addresses", 500, **PERSON)
    shop.broken(f"/api/row?phone={PHONE}")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'shop' AND pid <> pg_backend_pid()"
            " AND datname = current_database()"
        )
    shop.site.call("GET", f"/api/orders?keyword={PHONE}", token=shop.token)


def callers_fail(shop: Watched) -> None:
    """Send what crashes, is no JSON, is no header, or is forged."""
    token, text = shop.token, json.dumps(PERSON, ensure_ascii=False)
    for path in ("/api/broken/crash", "/outside/crash", "/api/broken-plain/crash"):
        query = f"?token={token}&phone={PHONE}&code={LOGIN_CODE}"
        cookie = {"Cookie": f"sessionid={token}", "X-Phone": PHONE}
        shop.broken(path + query, token=token, headers=cookie)
    half = text.encode()[:-2]
    shop.broken("/api/addresses", method="POST", body=half, token=token)
    shop.broken(f"/api/nothing/{PHONE_IN_PATH}", token=token)
    shop.broken("/api/orders", headers={"Authorization": f"Basic {token}"})
    shop.broken("/api/orders", token=f"{token} {token}")
    shop.broken("/api/orders", headers={"Host": f"{PHONE}.example"}, token=token)
    shop.broken("/api/orders", headers={"X-Long": token * 40}, token=token)
    notify = "/api/payments/wechat/notify"
    signed = {"Wechatpay-Signature": token, "Wechatpay-Serial": PHONE}
    shop.broken(notify, method="POST", body=text.encode(), headers=signed)


def staff_fail_and_enter(shop: Watched) -> User:
    """Mistype the password, type it as the name, log in with the second factor."""
    boss = User.objects.create_superuser("boss", STAFF_PASSWORD)
    key, sealed = enrolment_make(user=boss)
    recovery = second_factor_turn_on(
        request=RequestFactory().post("/admin/second_factor/"),
        user=boss,
        password=STAFF_PASSWORD,
        sealed=sealed,
        code=code_of(b32decode(key), timezone.now()),
    )
    shop.words |= {"TOTP secret": key, "recovery code": recovery[0]}
    shop.words |= {"second recovery code": recovery[1]}
    path, source = "/admin/login/", "127.0.0.61"
    for name, password in (("boss", WRONG_PASSWORD), (NAME_TYPED, STAFF_PASSWORD)):
        by_form(shop.site, path, source, 0, username=name, password=password)
    login = "/api/auth/staff/login"
    wrong = {"username": "boss", "password": WRONG_PASSWORD}
    shop.broken(login, method="POST", body=wrong)
    right = {"username": "boss", "password": STAFF_PASSWORD}
    shop.broken(login, method="POST", body=right | {"otp": "000000x"})
    # A wrong code is followed by a second in which none is looked at.
    TotpDevice.objects.update(throttling_failure_count=0)
    session = shop.call("POST", login, 200, **right, otp=recovery[0])
    shop.words["staff token"] = session["token"]
    return boss


def worker_fails(shop: Watched, order: Order, boss: User) -> None:
    """Let jobs meet a table that is gone, and WeChat in each of its moods."""
    order_ship(order_id=order.pk, carrier="SF", tracking_no="SF71", operator_id=boss.pk)
    path = f"/api/orders/{order.order_no}"
    shop.call("POST", f"{path}/confirm", 200)
    item = order.items.get().pk
    said = {"itemId": item, "rating": 5, "content": SAID["review"]}
    shop.call("POST", f"{path}/reviews", 201, **said)
    refund = shop.call("POST", f"{path}/refunds", 201, reason=SAID["reason"])
    refund_approve(
        refund_id=order.refunds.get(refund_no=refund["refundNo"]).pk,
        operator_id=boss.pk,
        is_restocked=False,
    )
    for route, kind in (
        ("shipping", "html"),
        ("message", "half_json"),
        ("refund", "reset"),
        ("token", "500"),
    ):
        shop.wechat.fault(route, kind, times=2)
    with worker_running(shop.folder / "worker.log", **shop.env):
        with table_gone("orders_refund"):
            wait_until(
                lambda: "UndefinedTable" in printed(shop, "worker"), "no job fell"
            )
        wait_until(lambda: REFUND_FAILED in printed(shop, "worker"), "none failed")


def printed(shop: Watched, name: str) -> str:
    """Return what a program has printed."""
    return (shop.folder / f"{name}.log").read_text()


def edge_fails(shop: Watched) -> None:
    """Search for a person while no node is there."""
    shop.node.stop()
    shop.broken(f"/admin/accounts/shopper/?q={PHONE}")
