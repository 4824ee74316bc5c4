"""Every answer under /api/: three keys, the real status, Chinese, no inner text."""

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from shop.tests.conftest import assert_envelope

JSON = "application/json"
LOGIN = "/api/auth/login"


def test_success_has_three_keys(api: APIClient) -> None:
    response = api.get("/api/config")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.json() == {
        "code": 0,
        "message": "成功",
        "data": {
            "subscribeTemplates": [],
            "subscribeTemplatesByEvent": {
                "paid": None,
                "shipped": None,
                "refunded": None,
                "agreed": None,
                "rejected": None,
            },
            "payMinutes": 30,
        },
    }
    assert list(response.json()) == ["code", "message", "data"]
    assert "成功" in response.content.decode()


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    "method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"]
)
def test_unknown_url(api: APIClient, settings: Any, debug: bool, method: str) -> None:
    settings.DEBUG = debug
    for url in ("/api/", "/api/nothing", "/api/products/1/nothing", "/api/orders/"):
        response = api.generic(method, url)
        assert assert_envelope(response, 404, "not_found") == {"error": "not_found"}


@pytest.mark.parametrize(
    "path",
    ["%00", "%FF%FE", "%0d%0aX-Evil:1", "%E2%80%AE", "orders/%00", "addresses/%00"],
)
def test_odd_paths(shopper_api: APIClient, path: str) -> None:
    response = shopper_api.get(f"/api/{path}")
    assert_envelope(response, 404, "not_found")
    assert "X-Evil" not in response.headers


def test_ids_beyond_every_number(shopper_api: APIClient) -> None:
    for url in ("/api/addresses/9999999999999999999", "/api/products/" + "9" * 30):
        response = shopper_api.get(url)
        assert (response.status_code, response.json()["code"]) == (404, 404)


def test_wrong_method_names_the_right_ones(
    api: APIClient, shopper_api: APIClient
) -> None:
    response = api.delete("/api/config")
    assert_envelope(response, 405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert_envelope(shopper_api.patch("/api/orders"), 405, "method_not_allowed")
    assert_envelope(api.get(LOGIN), 405, "method_not_allowed")


def test_head_is_get_without_a_body(api: APIClient) -> None:
    response = api.head("/api/config")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["X-Request-ID"]


def test_options_tells_methods_and_no_more(
    api: APIClient, shopper_api: APIClient
) -> None:
    response = api.options("/api/config")
    assert response.json() == {"code": 0, "message": "成功", "data": None}
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    for url in ("/api/orders", "/api/addresses/1", "/api/auth/user"):
        assert shopper_api.options(url).json()["data"] is None


@pytest.mark.parametrize(
    "accept",
    ["text/html", "application/xml", "*/*;q=0", "nonsense", "a/b,c/d;;;", "", "\xff"],
)
def test_no_accept_header_fails_a_shopper(api: APIClient, accept: str) -> None:
    for url in ("/api/config", "/api/config?format=xml", "/api/config?format=%00"):
        response = api.get(url, HTTP_ACCEPT=accept)
        assert (response.status_code, response.json()["code"]) == (200, 0)
    assert_envelope(api.get("/api/no", HTTP_ACCEPT=accept), 404, "not_found")


@pytest.mark.parametrize(
    "body",
    [
        b" ",
        b"{",
        b"{'code': 1}",
        b'{"code": "a"} x',
        b"null",
        b"[]",
        b"3",
        b'"text"',
        b"[" * 100_000,
        b'{"code":' * 5_000,
        b'{"code": "\\u0000"}',
        b'{"\\u0000": 1}',
        b'{"code": "\\\\\\u0000"}',
        b'{"code": "\x00"}',
        b'{"code": "\\ud800"}',
        b'{"code": "\\udc00\\ud800"}',
        b'{"code": "\xed\xa0\x80"}',
        b'{"code": "\xff"}',
        b'{"code": NaN}',
        b'{"code": -Infinity}',
        b'{"code": 1e999}',
        b'{"code": ' + b"9" * 5_000 + b"}",
        '{"code": "a"}'.encode("utf-16"),
    ],
    ids=lambda body: repr(body[:24]),
)
def test_bad_json(api: APIClient, body: bytes) -> None:
    response = api.generic("POST", LOGIN, body, content_type=JSON)
    assert assert_envelope(response, 400, "bad_request") == {"error": "bad_request"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"\xef\xbb\xbf{}",
        b'{"code": ""}',
        b'{"code": null}',
        b'{"code": "\xe3\x80\x80"}',
        b'{"other": ' + b"9" * 4_000 + b"}",
        b'{"other": "\\\\u0000"}',
        b'{"other": "\\ud83d\\ude00"}',
    ],
    ids=lambda body: repr(body[:24]),
)
def test_good_json_without_the_field(api: APIClient, body: bytes) -> None:
    response = api.generic("POST", LOGIN, body, content_type=JSON)
    data = assert_envelope(response, 400, "invalid", "code不能为空")
    assert data["fields"] == {"code": ["code不能为空"]}


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json+x",
        "json",
        "",
    ],
)
def test_other_content_types(api: APIClient, content_type: str) -> None:
    response = api.generic("POST", LOGIN, b'{"code": "a"}', content_type=content_type)
    assert_envelope(response, 415, "unsupported_media_type")


def test_json_where_a_form_is_wanted(shopper_api: APIClient) -> None:
    response = shopper_api.post("/api/uploads", {"file": "x"}, format="json")
    assert_envelope(response, 415, "unsupported_media_type")


def test_body_of_more_than_a_mebibyte(api: APIClient) -> None:
    def send(length: int) -> Any:
        body = b'{"other": "' + b"x" * (length - 13) + b'"}'
        return api.generic("POST", LOGIN, body, content_type=JSON)

    assert_envelope(send(1024 * 1024 + 1), 413, "too_large")
    assert_envelope(send(1024 * 1024), 400, "invalid", "code不能为空")


@pytest.mark.parametrize("query", ["%00", "%FF%FE", "%ED%A0%80", "%", "&&=&"])
def test_odd_query_strings(api: APIClient, shopper_api: APIClient, query: str) -> None:
    urls = ("/api/products?keyword=", "/api/products?category=", "/api/products?x=")
    for url in (*urls, "/api/orders?keyword=", "/api/orders?status=", "/api/orders?"):
        response = shopper_api.get(url + query)
        assert response.status_code in {200, 400}, url
        assert response.json()["code"] in {0, 400}
    response = shopper_api.get(f"/api/orders?page={query}%00")
    assert_envelope(response, 400, "invalid", "page必须是数字")


def test_nul_in_a_keyword_says_so_in_the_fields_words(shopper_api: APIClient) -> None:
    response = shopper_api.get("/api/orders?keyword=%00")
    assert_envelope(response, 400, "invalid", "关键词格式不正确")


def test_thousands_of_query_parameters(shopper_api: APIClient) -> None:
    response = shopper_api.get("/api/orders?" + "a=1&" * 2_000)
    assert_envelope(response, 400, "bad_request")


@pytest.mark.parametrize("debug", [False, True])
def test_forged_host(api: APIClient, settings: Any, debug: bool) -> None:
    settings.DEBUG = debug
    for url in ("/api/config", "/api/nothing", LOGIN):
        response = api.post(url, {}, format="json", HTTP_HOST="evil.example")
        data = assert_envelope(response, 400, "bad_request")
        assert data == {"error": "bad_request"}
        assert "evil" not in response.content.decode()


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("url", ["/api/broken/{}", "/api/broken-plain/{}"])
@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        ("crash", 500, "server_error"),
        ("keyboard", 500, "server_error"),
        ("missing", 404, "not_found"),
        ("denied", 403, "forbidden"),
        ("suspicious", 400, "bad_request"),
    ],
)
def test_exceptions_of_views(
    api: APIClient, settings: Any, url: str, fault: str, status: int, error: str
) -> None:
    response = api.get(url.format(fault))
    assert assert_envelope(response, status, error) == {"error": error}
    assert "s3cret" not in response.content.decode()
    settings.DEBUG = True
    data = assert_envelope(api.get(url.format(fault)), status, error)
    if status == 500:
        assert data["debug"].startswith("Traceback (most recent call last):\n")
        assert "s3cret" in data["debug"]
    else:
        assert data == {"error": error}


@pytest.mark.usefixtures("broken")
def test_crash_outside_of_the_api_shows_nothing(api: APIClient) -> None:
    api.raise_request_exception = False
    response = api.get("/outside/crash")
    assert response.status_code == 500
    assert "s3cret" not in response.content.decode()


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/admin/none/at/all/", 404, "资源不存在"),
        ("/admin/auth/group/add/", 403, "没有权限"),
    ],
)
def test_refusals_of_the_admin_are_pages(
    path: str, status: int, message: str, db: None
) -> None:
    client = Client()
    client.force_login(User.objects.create_user("clerk", "a-long-password-9"))
    response = client.get(path)
    assert response.status_code == status
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert f"<h1>{message}</h1>" in response.content.decode()
