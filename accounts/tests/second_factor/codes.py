"""Codes that an app would show, and the pages and routes that ask for them."""

import re
from datetime import datetime

from django.test import Client, RequestFactory
from django_otp.oath import TOTP
from rest_framework.test import APIClient

from accounts.encryption import text_decrypt
from accounts.models import TotpDevice
from accounts.services import second_factor_turn_on

PAGE = "/admin/second_factor/"
STEP = "/admin/login/code/"
PASSWORD = "a-long-password-9"
NOW = datetime.fromisoformat("2026-11-26T12:00:10+08:00")
LOCKED = "登录失败次数过多,请稍后再试"


def code_of(key, moment):
    app = TOTP(key)
    app.time = moment.timestamp()
    return f"{app.token():06d}"


def code_at(user, moment=NOW):
    device = TotpDevice.objects.get(user=user)
    return code_of(bytes.fromhex(text_decrypt(device.key_encrypted)), moment)


def wrong_at(user, moment=NOW):
    return f"{(int(code_at(user, moment)) + 1) % 1_000_000:06d}"


def turn_on(user, sealed, code):
    return second_factor_turn_on(
        request=RequestFactory().post(PAGE),
        user=user,
        password=PASSWORD,
        sealed=sealed,
        code=code,
    )


def text(answer, status=200):
    assert answer.status_code == status
    return answer.content.decode()


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def first_step(client, password=PASSWORD, query=""):
    body = {"username": "clerk", "password": password}
    return client.post(f"/admin/login/{query}", body)


def ticket_of(answer):
    return re.search('name="ticket" value="([^"]+)"', text(answer))[1]


def second_step(client, ticket, code, **data):
    return client.post(STEP, {"ticket": ticket, "code": code, **data})


def api_login(**fields):
    body = {"username": "clerk", "password": PASSWORD, **fields}
    return APIClient().post("/api/auth/staff/login", body, format="json")


def slug(answer):
    return answer.status_code, answer.json()["data"].get("error")


def sealed_of(page):
    return re.search('name="sealed" value="([^"]+)"', page)[1]
