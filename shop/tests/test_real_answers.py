"""Every route once, over HTTP, as the published schema says it answers."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import requests
import schemathesis
from schemathesis.core.failures import Failure, FailureGroup

from accounts.models import User
from catalog.models import Product
from shop.devstack.simulator.process import SimulatorProcess
from shop.tests.every_route import Shop, every_route, path_of, tea_make
from shop.tests.routes import CONTRACT


class Caller:
    """Who asks each route once, over HTTP, and checks the answer by the schema."""

    def __init__(self, url: str, schema: dict[str, Any]) -> None:
        self.url, self.seen = url, set[str]()
        self.published = schemathesis.openapi.from_dict(schema)

    def __call__(
        self, route: str, sample: str = "", token: str = "", **options: Any
    ) -> Any:
        method, path = path_of(route, sample)
        response = requests.request(
            method,
            self.url + path,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            timeout=60,
            **options,
        )
        assert response.status_code == CONTRACT[route][1], (route, response.text)
        self.published[route.partition(" ")[2]][method].validate_response(response)
        self.seen.add(route)
        return response.json()["data"]


def test_an_answer_of_another_shape_is_seen(
    live_server: Any, schema: dict[str, Any]
) -> None:
    """The check below can fail: it minds types, missing and additional keys."""
    answer = requests.get(f"{live_server.url}/api/config", timeout=60)
    for name, shape in (
        ("payMinutes", {"type": "string"}),
        ("unheardOf", {"type": "string"}),
    ):
        other = copy.deepcopy(schema)
        config = other["components"]["schemas"]["Config"]
        config["properties"][name] = shape
        config["required"] = [*config["properties"]]
        operation = schemathesis.openapi.from_dict(other)["/api/config"]["GET"]
        with pytest.raises((Failure, FailureGroup)):
            operation.validate_response(answer)
    schemathesis.openapi.from_dict(schema)["/api/config"]["GET"].validate_response(
        answer
    )


def test_real_answers_are_as_published(
    shop_server: Any,
    simulator: SimulatorProcess,
    schema: dict[str, Any],
    staff: User,
    product_make: Callable[..., Product],
    picture: bytes,
) -> None:
    """Walk through every route once, over HTTP, and check each answer."""
    call = Caller(shop_server.url, schema)
    shop = Shop(
        staff=staff,
        tea=tea_make(product_make),
        picture=picture,
        pay=lambda payment: simulator.pay(payment.out_trade_no),
    )
    every_route(call, shop)
    assert call.seen == set(CONTRACT)
