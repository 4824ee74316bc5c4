"""What happens before Django's first middleware."""

import json
from typing import Any

import pytest
from django.test import RequestFactory

from shop.handler import Utf8Handler


def answered(path: str, content_type: str) -> tuple[str, dict[str, Any]]:
    """Call the handler as gunicorn does; return the status line and the body."""
    environ = RequestFactory().get(path).environ | {"CONTENT_TYPE": content_type}
    told: list[str] = []
    body = Utf8Handler()(environ, lambda status, headers: told.append(status))
    return told[0], json.loads(b"".join(body))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("charset", ["hex", "idna", '"rot13"', "x" * 99, "utf-16"])
def test_charset_that_a_request_claims_is_not_believed(charset: str) -> None:
    status, body = answered(
        "/api/products?keyword=%E8%8C%B6", f"a/b; charset={charset}"
    )
    assert (status, body["code"], body["message"]) == ("200 OK", 0, "成功")


@pytest.mark.django_db(transaction=True)
def test_codec_can_smuggle_no_surrogate_in() -> None:
    status, body = answered(
        "/api/products?keyword=%5Cud800", "text/plain; Charset=unicode_escape"
    )
    assert (status, body["data"]["list"]) == ("200 OK", [])
