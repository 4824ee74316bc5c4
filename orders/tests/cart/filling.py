"""What the tests of the cart share: putting in, and what is in it."""

from datetime import datetime
from typing import Any

from rest_framework.test import APIClient

from catalog.models import Sku

URL = "/api/cart"
LONG_AGO = datetime.fromisoformat("2026-01-01T12:00:00+08:00")


def add(client: APIClient, sku: Sku, quantity: int = 1, **extra: Any) -> Any:
    sent = {"skuId": sku.pk, "quantity": quantity}
    return client.post(URL, sent, format="json", **extra)


def refusal(answer: Any) -> tuple[int, str, Any]:
    body = answer.json()
    facts = {key: value for key, value in body["data"].items() if key != "error"}
    return answer.status_code, body["data"]["error"], facts


def shown(client: APIClient) -> list[tuple[int, int, bool, str]]:
    """Return SKU, quantity, selected and state of each line, in the cart's order."""
    return [
        (line["skuId"], line["quantity"], line["selected"], line["state"])
        for line in client.get(URL).json()["data"]["list"]
    ]
