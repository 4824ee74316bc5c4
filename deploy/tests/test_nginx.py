"""The shop behind nginx over HTTPS: the path, the refusals, the files.

On a server SHOP_ENV is production; here it is development in all tests but one, for the
simulator's sake. What differs is what settings.py refuses then, the redirects and
cookies that test_production_behind_nginx looks at, and that nginx alone serves files.
"""

import http.client
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from conftest import wait_until
from orders.tests.conftest import ADDRESS
from shop.devstack.ports import HOST
from shop.devstack.simulator.process import SimulatorProcess
from shop.policies import NOTHING
from shop.tests.test_start import REAL_KEY_ID

from .node import Node
from .site import Answer, Site, assert_envelope

pytestmark = pytest.mark.xdist_group("nginx")
POLICY = "Content-Security-Policy"
ALWAYS = ("Strict-Transport-Security", "X-Content-Type-Options")

# --- The path -----------------------------------------------------------------------


def test_shopper_buys_through_https(
    site: Site, wechat: SimulatorProcess, product_make: Callable[..., Any]
) -> None:
    product = product_make("龙井茶", price="99.00", stock=3)
    login = site.call("POST", "/api/auth/login", {"code": "sim-nginx"})
    token = login.json["data"]["token"]
    [shown] = site.call("GET", "/api/products").json["data"]["list"]
    assert shown["name"] == "龙井茶"
    order = site.call(
        "POST",
        "/api/orders",
        {"items": [{"productId": product.pk, "quantity": 2}], "address": ADDRESS},
        token=token,
    )
    assert (order.status, order.json["data"]["totalAmount"]) == (201, "198.00")
    path = f"/api/orders/{order.json['data']['orderNo']}"
    prepay = site.call("POST", f"{path}/pay", token=token)
    package = prepay.json["data"]["package"].removeprefix("prepay_id=")
    # WeChat tells the shop through nginx, by its public address.
    wechat.pay(prepay_id=package)
    paid = site.call("GET", path, token=token)
    assert paid.json["data"]["status"] == "paid"


def test_plain_http_is_led_to_https(site: Site) -> None:
    connection = http.client.HTTPConnection(HOST, site.plain_port, timeout=60)
    connection.request("GET", "/api/products?page=2", headers={"Host": "shop.example"})
    answer = connection.getresponse()
    assert answer.status == 301
    assert answer.headers["Location"] == "https://shop.example/api/products?page=2"
    connection.close()


def test_tls_is_new_enough(site: Site) -> None:
    def protocol(**changes: Any) -> str | None:
        context = ssl.create_default_context(cafile=site.certificate)
        context.set_alpn_protocols(["h2"])
        for name, value in changes.items():
            setattr(context, name, value)
        with (
            socket.create_connection((HOST, site.port), timeout=60) as line,
            context.wrap_socket(line, server_hostname=HOST) as tls,
        ):
            assert tls.selected_alpn_protocol() == "h2"
            return tls.version()

    assert protocol() == "TLSv1.3"
    assert protocol(maximum_version=ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    old = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1"):  # noqa: SIM117
        with pytest.raises(OSError, match=r"(?i)ssl"):
            protocol(minimum_version=old, maximum_version=old)


@pytest.fixture
def production(
    site: Site, nodes: tuple[Node, Node], node_settings: dict[str, str], tmp_path: Path
) -> Iterator[Site]:
    """The site before one node that runs as on a server."""
    node = Node(
        tmp_path / "production.log",
        {
            **node_settings,
            "SHOP_ENV": "production",
            "WECHAT_API_BASE": "https://api.weixin.qq.com",
            "WECHAT_PAY_BASE": "https://api.mch.weixin.qq.com",
            "KUAIDI100_BASE": "https://poll.kuaidi100.com",
            "WECHAT_PLATFORM_PUBLIC_KEY_ID": REAL_KEY_ID,
        },
    )
    node.start()
    site.lead_to(node)
    site.reload()
    yield site
    site.lead_to(*nodes)
    site.reload()
    node.stop()


def test_production_behind_nginx(
    production: Site, product_make: Callable[..., Any]
) -> None:
    product = product_make()
    answer = production.call("GET", f"/api/products/{product.pk}?production")
    assert (answer.status, answer.json["data"]["name"]) == (200, "龙井茶")
    page = production.call("GET", "/admin/login/")
    assert page.status == 200
    assert page.headers["Set-Cookie"].startswith("__Host-csrftoken=")
    assert "; Secure" in page.headers["Set-Cookie"]
    # Said once: by the shop of its pages, by nginx of what it refuses.
    for said in (page, answer, production.call("GET", "/readyz")):
        for name in (*ALWAYS, POLICY):
            assert len(said.headers.get_all(name, [])) == 1, name
    assert page.headers[POLICY] != answer.headers[POLICY] == NOTHING


# --- What nginx refuses by itself ---------------------------------------------------


def test_unknown_route_and_closed_ones(site: Site) -> None:
    for path in ("/api/nothing", "/nothing", "/metrics", "/readyz", "//readyz"):
        assert_envelope(site.call("GET", path), 404, "资源不存在", "not_found")
    assert site.call("GET", "/healthz").json == {"status": "ok"}


def test_bodies_are_bounded(site: Site, token: str) -> None:
    for path, size in (("/api/orders", 2**20), ("/api/uploads", 6 * 2**20)):
        answer = site.call("POST", path, b" " * (size + 1), token=token)
        assert_envelope(answer, 413, "请求内容过大", "too_large")
    # What nginx lets through, the shop looks at.
    whole = site.call("POST", "/api/orders", b" " * 2**20, token=token)
    assert whole.status in {400, 415}
    picture = site.call("POST", "/api/uploads", b" " * 6 * 2**20, token=token)
    assert picture.json["data"]["error"] == "unsupported_media_type"


def test_wechat_is_answered_in_its_own_form(site: Site) -> None:
    path = "/api/payments/wechat/notify"
    answer = site.call("POST", path, b" " * (64 * 1024 + 1))
    assert answer.status == 413
    assert answer.json == {"code": "FAIL", "message": "请求内容过大"}
    forged = site.call("POST", path, b" " * 64 * 1024)
    assert (forged.status, forged.json["code"]) == (400, "FAIL")


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /api/%zz HTTP/1.1",
        b"GET /api/" + b"a" * 4100 + b" HTTP/1.1",
        b"GET /api/products HTTP/1.1\r\nX-Long: " + b"a" * 5000,
        b"nonsense",
    ],
    ids=["not a path", "long", "long header", "nonsense"],
)
def test_bad_requests_are_enveloped(site: Site, request_line: bytes) -> None:
    with (
        socket.create_connection((HOST, site.port), timeout=60) as line,
        site.tls.wrap_socket(line, server_hostname=HOST) as tls,
    ):
        tls.sendall(request_line + b"\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = http.client.HTTPResponse(tls)
        answer.begin()
        body = answer.read()
    assert_envelope(
        Answer(answer.status, answer.headers, body),
        400,
        "请求格式错误",
        "bad_request",
    )


def test_floods_of_logins_are_stopped_at_the_edge(site: Site) -> None:
    def login(_: int) -> Answer:
        return site.call("POST", "/api/auth/login", {"code": ""}, source="127.0.0.31")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(login, range(200)))
    refused = [answer for answer in answers if answer.status == 429]
    assert {answer.status for answer in answers} == {400, 429}
    assert_envelope(refused[0], 429, "请求过于频繁,请稍后再试", "rate_limited")
    assert refused[0].headers["Retry-After"] == "2"
    # Another address still may.
    other = site.call("POST", "/api/auth/login", {"code": ""}, source="127.0.0.32")
    assert other.status == 400


def test_floods_of_the_admins_login_see_a_page(site: Site) -> None:
    def login(_: int) -> Answer:
        return site.call("POST", "/admin/login/", b"", source="127.0.0.33")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(login, range(200)))
    # Without its cookie the shop itself refuses each.
    assert {answer.status for answer in answers} == {403, 429}
    refused = next(answer for answer in answers if answer.status == 429)
    assert refused.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "请求过于频繁,请稍后再试。" in refused.body.decode()
    assert refused.headers["Retry-After"] == "2"
    assert refused.headers["Strict-Transport-Security"] == "max-age=31536000"
    # The rest of the desk is no login.
    desk = site.call("GET", "/admin/", source="127.0.0.33")
    assert desk.status == 302


def test_made_up_addresses_count_for_nothing(site: Site) -> None:
    """The shop allows three refreshes to an address; see RATELIMIT_SESSION."""

    def refresh(made_up: str, source: str) -> int:
        headers = {"X-Forwarded-For": made_up, "X-Real-IP": made_up}
        body = {"refreshToken": "x"}
        path = "/api/auth/refresh"
        return site.call("POST", path, body, headers, source=source).status

    statuses = [refresh(f"203.0.113.{last}", "127.0.0.41") for last in range(4)]
    assert statuses == [401, 401, 401, 429]
    # Nor are all counted as one, by nginx's own address.
    assert refresh("203.0.113.0", "127.0.0.42") == 401


# --- Files --------------------------------------------------------------------------


def test_static_files_of_ours_are_asked_for_each_time(site: Site) -> None:
    folder = site.folder / "static" / "catalog"
    folder.mkdir()
    (folder / "a.js").write_text("export const a = 1;\n")
    headers = site.call("GET", "/static/catalog/a.js").headers
    assert headers["Cache-Control"] == "no-cache"
    assert headers["X-Content-Type-Options"] == "nosniff"
    again = {"If-None-Match": headers["ETag"]}
    assert site.call("GET", "/static/catalog/a.js", headers=again).status == 304
    assert site.call("GET", "/static/catalog/../../x").status in {400, 404}


def test_static_files(site: Site) -> None:
    (site.folder / "static" / "a.css").write_text("a {}\n" * 1000)
    answer = site.call("GET", "/static/a.css", headers={"Accept-Encoding": "gzip"})
    assert answer.status == 200
    headers = answer.headers
    assert headers["Content-Type"] == "text/css; charset=utf-8"
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Cache-Control"] == "public, max-age=86400"
    assert headers["X-Content-Type-Options"] == "nosniff"
    missing = site.call("GET", "/static/b.css")
    assert_envelope(missing, 404, "资源不存在", "not_found")
    posted = site.call("POST", "/static/a.css")
    assert_envelope(posted, 405, "请求方法不允许", "method_not_allowed")


@pytest.mark.parametrize(
    ("name", "kind", "disposition"),
    [
        ("a.png", "image/png", "inline"),
        ("a.html", "application/octet-stream", "attachment"),
        ("a.svg", "application/octet-stream", "attachment"),
        ("a.png.js", "application/octet-stream", "attachment"),
    ],
)
def test_nothing_that_was_uploaded_runs(
    site: Site, name: str, kind: str, disposition: str
) -> None:
    (site.folder / "media" / name).write_text("<script>alert(1)</script>")
    headers = site.call("GET", f"/media/{name}").headers
    assert headers["Content-Type"] == kind
    assert headers["Content-Disposition"] == disposition
    assert headers.get_all(POLICY) == [NOTHING]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_the_log_holds_no_query_and_no_token(site: Site, token: str) -> None:
    headers = {"X-Request-ID": "looked-for"}
    site.call("GET", "/api/orders?keyword=s3cret", headers=headers, token=token)
    log = site.folder / "log" / "shop.log"
    wait_until(lambda: "looked-for" in log.read_text(), "not logged")
    assert '"request_id":"looked-for","client":"127.0.0.1"' in log.read_text()
    assert "s3cret" not in log.read_text()
    assert token not in log.read_text()


def test_the_error_log_does_not_tell_whom_staff_look_for(
    site: Site, nodes: tuple[Node, Node]
) -> None:
    for node in nodes:
        node.stop()
    log = site.folder / "log" / "error.log"
    page = f"{site.url}/admin/orders/order/?q=13712344321"
    for path in (
        "/admin/orders/order/?q=13712344321",
        "/admin/login/?next=/admin/orders/order/%3Fq%3D13712344321",
        "/static/missing.css",
        "/static/shop/missing.js",
        "/media/missing.jpg",
    ):
        answer = site.call("GET", path, headers={"Referer": page})
        assert answer.status in {404, 503}, path
    # It does tell that the nodes are away.
    site.call("GET", "/api/orders?looked-for")
    wait_until(lambda: "looked-for" in log.read_text(), "not logged")
    assert "13712344321" not in log.read_text()
