"""GET /api/schema: generated once, in each of its forms."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from rest_framework.test import APIClient

from shop.api import schema_view


@pytest.fixture(autouse=True)
def _unrendered() -> None:
    schema_view._rendered.clear()


def test_forms_are_kept_apart(api: APIClient) -> None:
    for _ in range(2):
        as_json = api.get("/api/schema?format=json")
        assert as_json.json()["openapi"] == "3.0.3"
        as_yaml = api.get("/api/schema")
        assert as_yaml.content.startswith(b"openapi: 3.0.3\n")
        assert as_yaml["Content-Type"] != as_json["Content-Type"]
    assert set(schema_view._rendered) == {"yaml", "json"}


def test_first_requests_at_once_get_one_schema(live_server: Any) -> None:
    def get(_: int) -> tuple[int, bytes]:
        answer = requests.get(f"{live_server.url}/api/schema", timeout=30)
        return answer.status_code, answer.content

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(get, range(6)))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 200
