"""What the tests of the shopper's refunds share: how one is shown."""

from typing import Any

from rest_framework.test import APIClient

from orders.models import Refund


def shown(api: APIClient, refund: Refund) -> Any:
    return api.get(f"/api/refunds/{refund.refund_no}").json()["data"]
