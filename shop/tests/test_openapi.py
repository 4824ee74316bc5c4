"""The published schema: complete, true to what is answered, readable offline."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from shop.tests.routes import CONTRACT

BEARER = [{"token": []}]
SECURITY: dict[str, list[Any]] = {"public": [{}], "open": [*BEARER, {}]}


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_generated_without_a_warning(capsys: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")
    assert capsys.readouterr() == ("", "")


def test_routes_and_successes_are_the_contracts(schema: dict[str, Any]) -> None:
    published = {
        route: [int(status) for status in operation["responses"] if status < "300"]
        for route, operation in operations(schema)
    }
    assert published == {route: [success] for route, (_, success) in CONTRACT.items()}


def test_security(schema: dict[str, Any]) -> None:
    assert schema["components"]["securitySchemes"] == {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    assert "security" not in schema
    for route, operation in operations(schema):
        wanted = SECURITY.get(CONTRACT[route][0], BEARER)
        # An empty requirement and none at all are the same.
        assert operation.get("security", [{}]) == wanted, route


def test_every_answer_is_enveloped(schema: dict[str, Any]) -> None:
    for route, operation in operations(schema):
        for status, response in operation["responses"].items():
            assert list(response["content"]) == ["application/json"], route
            body = response["content"]["application/json"]["schema"]
            if status < "300":
                assert body["required"] == ["code", "message", "data"], route
                assert body["properties"]["code"] == {"type": "integer", "enum": [0]}
            else:
                assert body == {"$ref": "#/components/schemas/Error"}, route


def test_errors_of_every_route(schema: dict[str, Any]) -> None:
    codes = {400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 502, 503}
    for route, operation in operations(schema):
        listed = {int(status) for status in operation["responses"] if status > "399"}
        assert listed == codes, route
    error = schema["components"]["schemas"]["Error"]
    assert error["required"] == ["code", "message", "data"]
    assert error["properties"]["data"]["properties"] == {"error": {"type": "string"}}
    assert error["properties"]["data"]["nullable"] is True


def test_bodies_are_described(schema: dict[str, Any]) -> None:
    bodyless = {
        "POST /api/orders/{orderNo}/pay",
        "POST /api/orders/{orderNo}/confirm",
        "POST /api/orders/{orderNo}/remind",
        "POST /api/orders/{orderNo}/buy-again",
        "POST /api/refunds/{refundNo}/withdraw",
        "POST /api/coupons/{id}/claim",
        "DELETE /api/addresses/{id}",
        "DELETE /api/cart/{id}",
        "DELETE /api/cart/selected",
        "DELETE /api/cart/gone",
        "DELETE /api/favorites/{productId}",
        "DELETE /api/footprints",
        "DELETE /api/footprints/{productId}",
        "DELETE /api/products/{id}",
        "DELETE /api/orders/{orderNo}",
        "DELETE /api/search/history",
        "DELETE /api/search/history/{id}",
    }
    for route, operation in operations(schema):
        has_body = not route.startswith("GET ") and route not in bodyless
        assert ("requestBody" in operation) == has_body, route
    for route in ("/api/uploads", "/api/auth/avatar"):
        content = schema["paths"][route]["post"]["requestBody"]["content"]
        assert list(content) == ["multipart/form-data"]


def test_query_parameters(schema: dict[str, Any]) -> None:
    def names(route: str) -> set[str]:
        listed = schema["paths"][route]["get"].get("parameters", [])
        return {one["name"] for one in listed if one["in"] == "query"}

    page = {"page", "size"}
    asked = {"category", "keyword", "minPrice", "maxPrice", "inStock", "ordering"}
    assert names("/api/products") == page | asked
    assert names("/api/orders") == page | {"status", "keyword"}
    assert names("/api/refunds") == names("/api/coupons/mine") == page | {"status"}
    assert names("/api/coupons") == page
    assert names("/api/products/{id}/reviews") == page | {"rating", "hasImages"}
    assert names("/api/addresses") == names("/api/orders/{orderNo}/refunds") == page
    assert names("/api/reviews") == names("/api/orders/{orderNo}/reviews") == page
    assert names("/api/search/hot") == names("/api/search/history") == page
    assert names("/api/search/suggest") == page | {"keyword"}
    for route in ("/api/cart", "/api/favorites", "/api/footprints"):
        assert names(route) == page
    assert names("/api/orders/counts") == names("/api/categories") == set()
    for route in ("/api/orders", "/api/cart"):
        create = schema["paths"][route]["post"]["parameters"]
        assert [(one["in"], one["name"]) for one in create] == [
            ("header", "Idempotency-Key")
        ]


FIELDS = {
    "Product": "id name description price originalPrice images category categoryName "
    "stock sales status createdAt updatedAt",
    "Sku": "id specs price stock code image weightGrams sale",
    "SkuSale": "id kind price stock limit minQuantity startsAt endsAt",
    "FlashSale": "id name kind isRunning startsAt endsAt skus",
    "FlashSaleSku": "skuId productId name specs image price originalPrice stock limit "
    "minQuantity",
    "Category": "id name icon children",
    "Home": "banners categories new hot sections",
    "Banner": "id title image target",
    "BannerTarget": "kind productId categoryId keyword path url",
    "Entry": "id name icon",
    "Card": "id name price originalPrice images stock sales",
    "Section": "id title kind categoryId products",
    "HotWord": "keyword pinned",
    "Suggestion": "keyword productId",
    "SearchedWord": "id keyword searchedAt",
    "Favorite": "productId name price originalPrice image stock sales status createdAt",
    "Footprint": "productId name price originalPrice image stock sales status seenAt",
    "CartLine": "id productId skuId name specs image price originalPrice priceAdded "
    "priceChanged quantity amount stock selected state createdAt",
    "Cart": "list pagination lines quantity selectedQuantity selectedAmount",
    "BoughtAgain": "added missing",
    "Missing": "productId skuId name specs image quantity reason",
    "Order": "orderNo userId items goodsAmount freightAmount discountAmount "
    "totalAmount refundedAmount status closing address remark actions expiresAt paidAt "
    "shippedAt completedAt cancelledAt remindedAt shipments replacedBy createdAt "
    "updatedAt",
    "OrderItem": "id productId skuId name specs price quantity refundQuantity reviewed "
    "image",
    "ProductDetail": "id name description price originalPrice images category "
    "categoryName stock sales status createdAt updatedAt rating skus specs "
    "freightTemplate",
    "Review": "id orderNo itemId productId name specs image rating content images "
    "status statusText createdAt anonymous answer answeredAt append actions",
    "ShownReview": "id rating content images nickname avatar specs createdAt answer "
    "answeredAt append",
    "Summary": "count average withImages ratings",
    "Shipment": "carrier trackingNo shippedAt items",
    "Refund": "refundNo orderNo kind status amount items reason images answer timeline "
    "createdAt acceptedAt succeededAt requestedAmount type actions returnAddress "
    "returnBefore returnCarrier returnTrackingNo returnedAt",
    "Logistics": "parcels",
    "TracedParcel": "carrier carrierName trackingNo sentAt refundNo traceStatus notice "
    "state trace",
    "TraceStep": "at text",
    "RefundItem": "itemId name specs image quantity amount",
    "RefundStep": "status text at note",
    "Address": "id name phone province city district detail isDefault",
    "AddressRead": "name phone province city district detail",
    "Login": "token refreshToken expiresIn userId isNew userInfo",
    "Quote": "items goodsAmount freightAmount discountAmount totalAmount couponId "
    "coupons",
    "Offer": "id title terms validUntil discountAmount reason",
    "Coupon": "id title terms kind minimumAmount amount percentOff scope targetIds "
    "total left userLimit claimed claimFrom claimUntil validFrom validUntil validDays",
    "OwnCoupon": "id coupon status claimedAt validFrom validUntil orderNo",
    "Counts": "pending paid shipped completed cancelled refunding",
    "PaymentParameters": "timeStamp nonceStr package signType paySign",
    "User": "id nickname avatar phone",
    "Config": "subscribeTemplates subscribeTemplatesByEvent payMinutes",
}


@pytest.mark.parametrize("name", FIELDS)
def test_fields_of_the_contract(schema: dict[str, Any], name: str) -> None:
    published = schema["components"]["schemas"][name]["properties"]
    assert set(published) == set(FIELDS[name].split())


class Links(HTMLParser):
    """Collect what a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in {"src", "href"}]


def test_docs_work_offline(api: APIClient) -> None:
    response = api.get("/api/docs", HTTP_ACCEPT="text/html")
    page = response.content.decode()
    assert response.headers["Content-Type"].startswith("text/html")
    links = Links()
    links.feed(page)
    assert len(links.found) >= 3
    assert [link for link in links.found if not link.startswith("/static/")] == []
    assert re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]+", page) == []
    for link in links.found:
        assert api.get(link).status_code == 200, link


def test_schema_is_served_as_json_and_yaml(
    api: APIClient, schema: dict[str, Any]
) -> None:
    served = api.get("/api/schema?format=json")
    assert json.loads(served.content) == schema
    assert b"openapi: 3.0.3" in api.get("/api/schema").content
