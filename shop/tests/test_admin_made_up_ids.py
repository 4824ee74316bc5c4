"""Every page of an object, asked for with an id that nothing has."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import Client

from shop.tests.admin_routes import routes_of

ODD_IDS = ("abc", str(10**22))


@pytest.mark.django_db
@pytest.mark.parametrize("odd_id", ODD_IDS)
def test_a_made_up_id_is_no_fault_of_the_server(client: Client, odd_id: str) -> None:
    owner = get_user_model().objects.create_superuser("owner", "a-long-password-9")
    client.force_login(owner)
    client.raise_request_exception = False
    urls = [
        route.url(odd_id)
        for model in admin.site._registry
        for route in routes_of(model)
        if route.of_an_object
    ]
    assert f"/admin/catalog/product/{odd_id}/change/" in urls
    answers: dict[str, Any] = {
        f"{ask.__name__} {url}": ask(url).status_code
        for url in urls
        for ask in (client.get, client.post)
    }
    assert {asked: code for asked, code in answers.items() if code >= 500} == {}
