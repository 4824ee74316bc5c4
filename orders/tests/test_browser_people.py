"""A new clerk, in a real browser: a role, a second factor, and what is to be seen."""

import re
import time
from base64 import b32decode

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django_otp.oath import TOTP
from rest_framework.test import APIClient

from accounts.models import TotpDevice, User
from catalog.models import Product
from orders.tests.conftest import line, paid_order
from shop.tests.browser import MARKS, Office

pytestmark = MARKS
PASSWORD = "a-long-password-9"


def code_of(key: str, moment: float) -> str:
    app = TOTP(b32decode(key.replace(" ", "")))
    app.time = moment
    return f"{app.token():06d}"


def log_in(office: Office, name: str) -> None:
    office.page.context.clear_cookies()
    office.open("")
    office.fill(username=name, password=PASSWORD)
    with office.page.expect_navigation(wait_until="load"):
        office.page.click("[type=submit]")


def turn_on(office: Office) -> tuple[str, float]:
    """Turn the second factor on as the page says; return the key and the moment."""
    office.open("second_factor/")
    assert office.fits()
    office.shot("people-second-factor")
    key = office.page.locator("#key").inner_text()
    moment = time.time()
    office.fill(password=PASSWORD, code=code_of(key, moment))
    office.press("开启")
    assert office.page.locator("#codes li").count() == 10
    assert office.fits()
    office.shot("people-recovery-codes")
    return key, moment


def test_a_new_clerk_gets_a_role_and_a_second_factor(
    office: Office, shopper_api: APIClient, tea: Product
) -> None:
    order = paid_order(shopper_api, line(tea))
    keeper = User.objects.create_user("keeper", PASSWORD)
    keeper.groups.add(Group.objects.get(name="店主"))
    office.sit(keeper)
    office.open("accounts/staff/add/")
    office.fill(username="clerk", password1=PASSWORD, password2=PASSWORD)
    office.press("保存")
    office.act("/roles/")
    office.page.get_by_label("财务").check()
    assert office.fits()
    office.shot("people-roles")
    office.press("保存")
    clerk = User.objects.get(username="clerk")
    assert [group.name for group in clerk.groups.all()] == ["财务"]
    assert "角色已改为:财务" in LogEntry.objects.latest("pk").change_message
    office.shot("people-staff")

    log_in(office, "clerk")
    links = office.page.locator("a[href='/admin/second_factor/']")
    assert links.count() == 1
    key, moment = turn_on(office)
    assert TotpDevice.objects.get().user == clerk

    log_in(office, "clerk")
    assert "6 位验证码" in office.page.content()
    assert office.fits()
    office.shot("people-login-code")
    # The code on the page before was spent; the app's next one is right already.
    office.fill(code=code_of(key, moment + 30))
    office.press("登录")
    page = office.page.content()
    assert re.findall(r'href="/admin/(\w+/\w+)/"', page).count("orders/payment") > 0
    assert "/admin/catalog/product/" not in page
    assert "/admin/accounts/staff/" not in page

    office.open(f"orders/order/{order.pk}/change/")
    text = office.page.inner_text("body")
    assert "138****8000" in text
    assert "13800138000" not in office.page.content()
    office.shot("people-masked-order")
