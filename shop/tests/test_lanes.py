"""What has a lane is answered as Django would answer it, byte for byte."""

import gc
import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from django.utils.module_loading import import_string
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User
from accounts.services.sessions import Tokens, session_end, session_open
from catalog.models import Product, Sku
from orders.models import Order
from orders.tests.conftest import ADDRESS
from shop.api.lane import Lane, LaneHandler
from shop.handler import Utf8Handler
from shop.logs.access import _template

pytestmark = pytest.mark.django_db(transaction=True)

LANES: list[Lane] = [
    lane for name in settings.API_LANES for lane in import_string(name)
]
# Of no two answers alike, and DRF's own hint of what else the URL takes.
OWN_HEADERS = {"X-Request-ID", "Allow"}


class Answer:
    """What a handler answers to a request."""

    def __init__(self, handler: Any, environ: dict[str, Any]) -> None:
        parts = handler(environ, self._start)
        self.text = b"".join(parts).decode()
        self.body = json.loads(self.text or "null")
        if hasattr(parts, "close"):
            parts.close()

    @property
    def facts(self) -> tuple[Any, ...]:
        """What must be the same."""
        return self.status, self.headers, self.text

    def _start(self, status: str, headers: list[tuple[str, str]]) -> None:
        self.status, self.all_headers = status, dict(headers)

    @property
    def headers(self) -> dict[str, str]:
        return {
            # A second may end between two answers.
            name: "@" if name == "X-Accel-Expires" else value
            for name, value in self.all_headers.items()
            if name not in OWN_HEADERS
        }


def asked(method: str, url: str, body: bytes = b"", **more: str) -> dict[str, Any]:
    """Return what gunicorn hands over."""
    path, _, query = url.partition("?")
    sent = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))}
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "testserver",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        **(sent if body else {}),
        **more,
    }


@pytest.fixture
def lane() -> LaneHandler:
    return LaneHandler()


@pytest.fixture
def django() -> Utf8Handler:
    handler = Utf8Handler()
    handler.load_middleware()
    return handler


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """The facts of each access line, but for the time it took."""
    found: list[Any] = []

    class Keep(logging.Handler):
        def emit(self, record: Any) -> None:
            found.append({**record.access, "milliseconds": 0})

    logger, keep = logging.getLogger("shop.access"), Keep()
    logger.addHandler(keep)
    yield found
    logger.removeHandler(keep)


def bearer(tokens: Tokens) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {tokens.token}"}


def test_each_lane_bears_the_name_of_its_url() -> None:
    for lane in LANES:
        path = lane.path.pattern.replace("(?P<pk>[0-9]{1,19})", "1")
        assert _template(lane.route) == _template(resolve(path).route)
        assert _template(lane.route) != "/"


def test_reads_are_answered_alike(
    lane: LaneHandler,
    django: Utf8Handler,
    lines: list[Any],
    shopper: User,
    staff: User,
    product_make: Callable[..., Product],
) -> None:
    product, mine = product_make("龙井茶"), session_open(user=shopper)
    dead, gone = session_open(user=shopper), User.objects.create(openid="gone")
    session_end(refresh_token=dead.refresh_token)
    left = session_open(user=gone)
    gone.is_active = False
    gone.save()
    me, one = "/api/auth/user", f"/api/products/{product.pk}"
    etag = Answer(lane, asked("GET", one)).headers["ETag"]
    corpus: list[tuple[str, dict[str, Any]]] = [
        ("200", asked("GET", me, **bearer(mine))),
        ("401", asked("GET", me)),
        ("401", asked("GET", me, HTTP_AUTHORIZATION="Basic xyz")),
        ("401", asked("GET", me, HTTP_AUTHORIZATION="Bearer")),
        ("401", asked("GET", me, HTTP_AUTHORIZATION="Bearer eyJ.eyJ.xyz")),
        ("401", asked("GET", me, **bearer(dead))),
        ("401", asked("GET", me, **bearer(left))),
        ("403", asked("GET", me, **bearer(session_open(user=staff)))),
        ("200", asked("GET", one, HTTP_X_FORWARDED_FOR="10.1.2.3")),
        ("304", asked("GET", one, HTTP_IF_NONE_MATCH=etag)),
        ("404", asked("GET", "/api/products/999999")),
        ("200", asked("GET", "/api/products?page=2&size=1&keyword=%E8%8C%B6")),
        ("400", asked("GET", "/api/products?size=101")),
        ("400", asked("GET", "/api/products?keyword=%00")),
    ]
    for status, environ in corpus:
        assert lane._entered(dict(environ)) is not None
        answers = [Answer(handler, dict(environ)) for handler in (lane, django)]
        assert answers[0].facts == answers[1].facts
        assert answers[0].status[:3] == status
        assert lines[-1] == lines[-2]
    assert (lines[0]["route"], lines[-1]["route"]) == (
        "/api/products/{pk}",
        "/api/products",
    )
    assert lines[1]["user_id"] == shopper.pk


def test_a_made_up_charset_is_forgotten(lane: LaneHandler, django: Utf8Handler) -> None:
    odd = asked("GET", "/api/products?page=1", CONTENT_TYPE="a/b; charset=hex")
    answers = [Answer(handler, dict(odd)) for handler in (lane, django)]
    assert answers[0].facts == answers[1].facts
    assert answers[0].status == "200 OK"


def test_what_is_odd_goes_djangos_way(lane: LaneHandler, shopper: User) -> None:
    me, body = "/api/auth/user", b"{}"
    odd = [
        asked("HEAD", me),
        asked("PUT", me, body),
        asked("GET", "/api/auth/user/"),
        asked("GET", me, HTTP_HOST="evil.example"),
        asked("GET", me, HTTP_HOST=""),
        asked("GET", me, HTTP_TRANSFER_ENCODING="chunked"),
        asked("POST", "/api/orders"),
        asked("POST", "/api/orders", body, CONTENT_TYPE="text/plain"),
        asked("POST", "/api/orders", body, CONTENT_LENGTH="+2"),
        asked("POST", "/api/orders", body, HTTP_TRANSFER_ENCODING="chunked"),
    ]
    assert [lane._entered(environ) for environ in odd] == [None] * len(odd)
    answer = Answer(lane, asked("PUT", me, body, **bearer(session_open(user=shopper))))
    assert (answer.status, answer.body["message"]) == ("200 OK", "更新成功")


def test_in_production_http_is_redirected_by_django(
    lane: LaneHandler, settings: Any
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    me = "/api/auth/user"
    for proto in ("http", ""):
        assert lane._entered(asked("GET", me, HTTP_X_FORWARDED_PROTO=proto)) is None
    assert lane._entered(asked("GET", me, HTTP_X_FORWARDED_PROTO="https"))
    settings.SECURE_PROXY_SSL_HEADER = None
    assert lane._entered(asked("GET", me, HTTP_X_FORWARDED_PROTO="https")) is None
    assert lane._entered(asked("GET", me, **{"wsgi.url_scheme": "https"}))


def test_orders_are_answered_alike(
    lane: LaneHandler,
    django: Utf8Handler,
    lines: list[Any],
    shopper: User,
    product_make: Callable[..., Product],
    settings: Any,
) -> None:
    product, head = product_make(stock=3), bearer(session_open(user=shopper))
    two = {"items": [{"productId": product.pk, "quantity": 1}], "address": ADDRESS}
    six = {"items": [{"productId": product.pk, "quantity": 6}], "address": ADDRESS}

    def ask(handler: Any, body: Any, key: str = "", **more: str) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        if key:
            more["HTTP_IDEMPOTENCY_KEY"] = key
        return Answer(handler, asked("POST", "/api/orders", raw, **head | more))

    for number, handler in enumerate((lane, django)):
        placed = ask(handler, two, f"k{number}")
        again = ask(handler, two, f"k{number}")
        assert placed.status == "201 Created"
        assert again.headers.pop("Idempotency-Replayed") == "true"
        assert again.body == placed.body
    orders = [dict(order) for order in Order.objects.values()]
    assert len(orders) == 2
    refused: list[tuple[str, Any, dict[str, str]]] = [
        ("409", six, {}),
        ("422", six, {"key": "k0"}),
        ("400", {"items": []}, {}),
        ("400", {}, {}),
        ("400", b"{broken", {}),
        ("400", b"[]", {}),
        ("400", two, {"key": "k" * 256}),
        ("413", b'{"remark": "' + b"x" * 1024 * 1024 + b'"}', {}),
        ("401", two, {"HTTP_AUTHORIZATION": "Bearer x"}),
    ]
    for status, body, more in refused:
        answers = [ask(handler, body, **more) for handler in (lane, django)]
        assert answers[0].facts == answers[1].facts
        assert answers[0].status[:3] == status
        assert lines[-1] == lines[-2]
    settings.RATELIMITS = settings.RATELIMITS | {"write": "1/900s"}
    cache.clear()
    assert ask(lane, {}).status[:3] == "400"
    late = ask(lane, two)
    assert (late.status[:3], late.body["data"]) == ("429", {"error": "rate_limited"})
    assert 0 < int(late.headers["Retry-After"]) <= 901
    assert Order.objects.count() == 2
    assert Sku.objects.get().stock == 1


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def of_requests() -> list[Any]:
    kinds = (HttpRequest, Request, HttpResponse, APIView)
    # By its type: a weak proxy of what is gone has no class of its own to ask for.
    return [one for one in gc.get_objects() if issubclass(type(one), kinds)]


def test_what_is_answered_leaves_nothing_to_the_collector(
    lane: LaneHandler,
    shopper: User,
    product_make: Callable[..., Product],
    no_collector: None,
) -> None:
    """Each thousand requests it would stop all threads for tens of milliseconds."""
    product, head = product_make(), bearer(session_open(user=shopper))
    wish = {"items": [{"productId": product.pk, "quantity": 1}], "address": ADDRESS}
    one = f"/api/products/{product.pk}"
    for environ in (
        *(asked("GET", one), asked("GET", one), asked("GET", one)),
        asked("GET", "/api/products"),
        asked("GET", "/api/products/999999"),
        asked("GET", "/api/auth/user", **head),
        asked("POST", "/api/orders", json.dumps(wish).encode(), **head),
    ):
        assert lane._entered(dict(environ)) is not None
        before = of_requests()
        Answer(lane, environ)
        environ.clear()
        known = {id(one) for one in before}
        assert [one for one in of_requests() if id(one) not in known] == []


def test_a_fault_is_enveloped(lane: LaneHandler) -> None:
    def broken(request: Any) -> Any:
        raise RuntimeError("secret")

    lane._lanes = {"GET": [Lane("GET", LANES[0].path, LANES[0].route, broken)]}
    answer = Answer(lane, asked("GET", "/api/auth/user"))
    assert answer.status == "500 Internal Server Error"
    assert answer.body["data"] == {"error": "server_error"}
    assert "secret" not in answer.text


def test_a_connection_that_was_lost_is_replaced(
    lane: LaneHandler, shopper: User
) -> None:
    mine = bearer(session_open(user=shopper))
    connection.connection.pgconn.finish()
    # As on Django's way: who finds it lost may be told so, and the next is served.
    asks = [Answer(lane, asked("GET", "/api/auth/user", **mine)) for _ in range(2)]
    assert asks[1].status == "200 OK"
