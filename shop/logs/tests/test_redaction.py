"""No secret leaves with a log line, whoever wrote it there."""

import pytest
from django.conf import settings

from shop.checks import secrets_of_settings
from shop.logs import redaction
from shop.logs.redaction import redact

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VySWQiOjF9.c2lnbmF0dXJl-_x"
URL = (
    "https://api.weixin.qq.com/sns/jscode2session?appid=wx1&secret=s3&js_code=c0de&g=1"
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"token {JWT}.", "token ***."),
        ("Authorization: Bearer abc.def-123", "Authorization: *** ***"),
        ("'HTTP_AUTHORIZATION': 'Bearer abcdefgh'", "'HTTP_AUTHORIZATION': ***"),
        (
            'WECHATPAY2-SHA256-RSA2048 mchid="1",signature="abc"',
            "WECHATPAY2-SHA256-RSA2048 ***",
        ),
        (
            URL,
            "https://api.weixin.qq.com/sns/jscode2session?appid=wx1&secret=***"
            "&js_code=***&g=1",
        ),
        ("/wxa?access_token=ABC-_d", "/wxa?access_token=***"),
        ('{"code": "0a1B", "x": 1}', '{"code": ***, "x": 1}'),
        ('"{\\"password\\": \\"p w\\"}"', '"{\\"password\\": ***}"'),
        ("password='a b', user='c'", "password=***, user='c'"),
        ("refreshToken=abc", "refreshToken=***"),
        ("otp=123456&ticket=WzEs:1&sealed=gAA=", "otp=***&ticket=***&sealed=***"),
        ("openid: o-123 of", "openid: *** of"),
        ("call 13912345678 or +8613912345678", "call *** or ***"),
        ("-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n", "***\n"),
        (
            "IntegrityError: dup\nDETAIL:  Key (name)=(张三)\n\nexists.\n\nThe above x",
            "IntegrityError: dup\nDETAIL: ***\n\nThe above x",
        ),
    ],
)
def test_what_is_hidden(text: str, left: str) -> None:
    assert redact(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "order 2026112613912345678001 was cancelled",
        "wechat pay prepay refused: status 400, code PARAM_ERROR",
        "WeChat answers errcode 40013",
        "orders expired: Sweep(cancelled=1, paid=0, waiting=2)",
        "status_code=503",
    ],
)
def test_what_an_operator_needs_stays(text: str) -> None:
    assert redact(text) == text


def test_every_secret_of_the_settings_is_hidden() -> None:
    # Read once in a process: it may have been while a test had other settings.
    redaction._secrets.cache_clear()
    secrets = secrets_of_settings()
    assert {"SECRET_KEY", "JWT_SIGNING_KEY", "WECHAT_SECRET"} <= secrets.keys()
    for name, secret in secrets.items():
        assert redact(f"x {secret} y") == "x *** y", name
    assert "PRIVATE" not in redact(settings.WECHAT_MERCHANT_PRIVATE_KEY)
