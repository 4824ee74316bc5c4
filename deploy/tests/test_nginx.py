"""The shop behind nginx over HTTPS: the path, the refusals, the cache, the nodes.

On a server SHOP_ENV is production; here it is development in all tests but one, for the
simulator's sake. What differs is what settings.py refuses then, the redirects and
cookies that test_production_behind_nginx looks at, and that nginx alone serves files.
"""

import http.client
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from orders.tests.conftest import ADDRESS
from shop.devstack.ports import HOST
from shop.devstack.simulator.process import SimulatorProcess
from shop.tests.test_start import REAL_KEY_ID

from .site import Answer, Node, Site, wait_until

pytestmark = pytest.mark.xdist_group("nginx")

UNAVAILABLE = "服务暂时不可用,请稍后再试"


def assert_envelope(answer: Answer, status: int, message: str, error: str) -> None:
    assert answer.status == status, answer.body
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json == {"code": status, "message": message, "data": {"error": error}}
    assert answer.headers["X-Request-ID"]
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


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
    assert "; Secure" in page.headers["Set-Cookie"]
    # Said once, by nginx.
    for name in ("Strict-Transport-Security", "X-Content-Type-Options"):
        assert len(page.headers.get_all(name, [])) == 1


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
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"


# --- The cache ----------------------------------------------------------------------


def hit(site: Site, path: str, **how: Any) -> Answer:
    """Ask until the answer comes out of the cache; it is kept for three seconds."""
    for _ in range(20):
        answer = site.call("GET", path, **how)
        if answer.headers["X-Cache"] == "HIT":
            return answer
    raise AssertionError("never a hit")


@pytest.mark.parametrize(
    "path", ["/api/products", "/api/products/{pk}", "/api/categories", "/api/config"]
)
def test_public_reads_are_shared_and_have_an_id_of_their_own(
    site: Site,
    token: str,
    other_token: str,
    product_make: Callable[..., Any],
    path: str,
) -> None:
    path = path.format(pk=product_make().pk) + "?shared"
    first = site.call("GET", path, headers={"X-Request-ID": "first"}, token=token)
    assert (first.status, first.headers["X-Request-ID"]) == (200, "first")
    for credentials in (other_token, "dead", ""):
        answer = hit(site, path, token=credentials)
        assert answer.body == first.body
        own = answer.headers["X-Request-ID"]
        assert own != "first"
        assert len(own) == 32
    assert hit(site, path, headers={"X-Request-ID": "mine"}).headers.get_all(
        "X-Request-ID"
    ) == ["mine"]


def test_nobody_gets_what_is_anothers(
    site: Site,
    token: str,
    other_token: str,
    shopper: Any,
    other_shopper: Any,
) -> None:
    for path in ("/api/auth/user", "/api/orders", "/api/addresses"):
        for _ in range(3):
            one, other = (
                site.call("GET", path, token=key) for key in (token, other_token)
            )
            assert (one.status, other.status) == (200, 200)
            assert "X-Cache" not in one.headers
        assert site.call("GET", path).status == 401
    assert [
        site.call("GET", "/api/auth/user", token=key).json["data"]["id"]
        for key in (token, other_token)
    ] == [shopper.pk, other_shopper.pk]


def test_refusals_and_writes_are_not_kept(site: Site) -> None:
    for _ in range(3):
        assert site.call("GET", "/api/products/0").headers["X-Cache"] == "MISS"
        assert site.call("GET", "/api/products?page=0").headers["X-Cache"] == "MISS"
        assert site.call("POST", "/api/products", {}).status == 401


# --- The nodes ----------------------------------------------------------------------


class Load:
    """Shoppers who ask all the time, each from an address of its own."""

    def __init__(self, site: Site, requests: list[tuple[str, str, Any]], token: str):
        self.answers: list[tuple[str, int]] = []
        self._site, self._requests, self._token = site, requests, token
        self._is_over = threading.Event()
        self._shoppers = [
            threading.Thread(target=self._ask, args=(f"127.0.2.{number}",))
            for number in range(1, 5)
        ]

    def _ask(self, source: str) -> None:
        while not self._is_over.is_set():
            for method, path, body in self._requests:
                answer = self._site.call(
                    method, path, body, token=self._token, source=source
                )
                self.answers.append((method, answer.status))

    def __enter__(self) -> "Load":
        for shopper in self._shoppers:
            shopper.start()
        self.wait_for(8)
        return self

    def wait_for(self, more: int) -> None:
        """Wait until so many more answers have come."""
        seen = len(self.answers)
        wait_until(lambda: len(self.answers) >= seen + more, "no answers any more")

    def __exit__(self, *exception: Any) -> None:
        self._is_over.set()
        for shopper in self._shoppers:
            shopper.join()


def test_a_node_is_taken_out_without_a_failed_request(
    site: Site,
    nodes: tuple[Node, Node],
    token: str,
    product_make: Callable[..., Any],
) -> None:
    items = [{"productId": product_make().pk, "quantity": 1}]
    preview = {"items": items, "address": ADDRESS}
    requests = [
        ("GET", "/api/orders", None),
        ("POST", "/api/orders/preview", preview),
    ]
    first, second = nodes
    with Load(site, requests, token) as load:
        site.lead_to(first, second, down=first)
        site.reload()
        assert first.stop() == 0
        served = second.served
        load.wait_for(20)
        assert second.served > served
        first.start()
        site.lead_to(first, second)
        site.reload()
        served = first.served
        wait_until(lambda: first.served > served, "the node is not taken back")
    assert set(load.answers) == {("GET", 200), ("POST", 200)}


def test_a_node_that_is_killed_fails_no_read(
    site: Site, nodes: tuple[Node, Node], token: str
) -> None:
    with Load(site, [("GET", "/api/orders", None)], token) as load:
        nodes[0].stop(signal.SIGKILL)
        load.wait_for(40)
    assert set(load.answers) == {("GET", 200)}


def test_all_nodes_away(
    site: Site,
    nodes: tuple[Node, Node],
    token: str,
    product_make: Callable[..., Any],
) -> None:
    product = product_make("龙井茶")
    path = f"/api/products/{product.pk}?away"
    kept = site.call("GET", path)
    assert kept.status == 200
    for node in nodes:
        node.stop(signal.SIGKILL)
    # The catalogue goes on from the cache.
    answer = site.call("GET", path)
    assert (answer.status, answer.body) == (200, kept.body)
    orders = site.call("GET", "/api/orders", token=token)
    assert_envelope(orders, 502, UNAVAILABLE, "unavailable")
    assert orders.headers["Retry-After"] == "2"
    notified = site.call("POST", "/api/payments/wechat/notify", b"{}")
    assert (notified.status, notified.json["code"]) == (503, "FAIL")
    desk = site.call("GET", "/admin/")
    assert desk.status == 503
    assert desk.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "服务暂时不可用" in desk.body.decode()


def test_a_node_that_hangs_is_503_in_the_end(
    site: Site, nodes: tuple[Node, Node], token: str
) -> None:
    """With shorter times than kept, so that nobody waits."""
    proxy = site.conf / "shop" / "proxy.conf"
    text = proxy.read_text()
    hanging = socket.socket()
    hanging.bind((HOST, 0))
    hanging.listen()
    silent = Node(Path("unused"), {})
    silent.port = hanging.getsockname()[1]
    try:
        proxy.write_text(text.replace("read_timeout 35s", "read_timeout 1s"))
        site.lead_to(silent)
        site.reload()
        answer = site.call("GET", "/api/orders", token=token)
    finally:
        proxy.write_text(text)
        hanging.close()
    assert_envelope(answer, 503, UNAVAILABLE, "unavailable")


def test_the_log_holds_no_query_and_no_token(site: Site, token: str) -> None:
    headers = {"X-Request-ID": "looked-for"}
    site.call("GET", "/api/orders?keyword=s3cret", headers=headers, token=token)
    log = site.folder / "log" / "shop.log"
    wait_until(lambda: "looked-for" in log.read_text(), "not logged")
    assert '"requestId":"looked-for","address":"127.0.0.1"' in log.read_text()
    assert "s3cret" not in log.read_text()
    assert token not in log.read_text()
