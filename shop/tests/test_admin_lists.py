"""What the admin's lists can be asked for, and what they must not tell."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from catalog.models import Product
from orders.jobs import orders_autoconfirm
from shop.tests.clerks import clerk_with

STAFF = "/admin/accounts/staff/"
SHOPPERS = "/admin/accounts/shopper/"
PRODUCTS = "/admin/catalog/product/"
JOBS = "/admin/procrastinate/procrastinatejob/"


@pytest.fixture
def boss(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.mark.parametrize(
    "url",
    [
        f"{STAFF}?password__startswith=pbkdf2",
        f"{STAFF}?user_permissions__codename=add_staff",
        f"{SHOPPERS}?openid__startswith=o",
        f"{SHOPPERS}?session_key_encrypted__startswith=g",
        f"{SHOPPERS}?phone__regex=(",
        "/admin/orders/order/?user__openid__startswith=o",
        "/admin/orders/order/?goods_amount=1e999999",
        "/admin/orders/order/?created_at__year=99999999999999999999",
        "/admin/orders/payment/?facts__payer=x",
        f"{PRODUCTS}?name__startswith=%00",
        "/admin/accounts/loginfailure/?ip_address=x",
    ],
)
def test_a_list_is_narrowed_by_its_filters_alone(boss: Client, url: str) -> None:
    """A column that a desk hides would be told letter by letter otherwise."""
    assert boss.get(url).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        f"{STAFF}?is_active__exact=1&groups__id__exact=1",
        f"{SHOPPERS}?created_at__gte=2026-01-01+00:00:00%2B08:00",
        "/admin/orders/payment/?state__exact=open",
        "/admin/catalog/stockmovement/?sku=7&reason__exact=order",
        "/admin/orders/order/?created_at_from=2026-01-01&created_at_to=9999-12-31",
        "/admin/orders/order/?created_at_from=0001-01-01&stage=to_ship",
        f"{JOBS}?status__exact=todo",
    ],
)
def test_filters_of_the_desks_work(boss: Client, query: str) -> None:
    assert boss.get(query).status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "/admin/orders/payment/?state__exact=%00",
        "/admin/catalog/stockmovement/?reason__exact=%00",
        f"{SHOPPERS}?created_at__gte=x",
        "/admin/orders/order/?product=%00",
        "/admin/orders/order/?receiver_phone=%00",
    ],
)
def test_odd_values_lead_back_to_the_list(boss: Client, url: str) -> None:
    response = boss.get(url)
    assert response.status_code == 302
    assert boss.get(response["Location"]).status_code == 200


@pytest.mark.parametrize("chosen", ["x", "\0", "9" * 5000])
def test_bulk_action_on_what_is_no_id_changes_nothing(
    boss: Client, product_make: Callable[..., Product], chosen: str
) -> None:
    product_make()
    sent = {"action": "take_off_sale", "_selected_action": chosen}
    response = boss.post(PRODUCTS, sent)
    assert response.status_code == 302
    assert Product.objects.get().status == "on_sale"


@pytest.mark.usefixtures("transactional_db")
def test_queue_is_for_reading() -> None:
    orders_autoconfirm.configure(schedule_in={"days": 1}).defer(timestamp=0)
    job = ProcrastinateJob.objects.latest("id")
    reader = clerk_with("procrastinate.view_procrastinatejob")
    page = reader.get(f"{JOBS}{job.pk}/change/").content.decode()
    assert "orders.jobs.orders_autoconfirm" in page
    for action in ("cancel", "retry", "abort"):
        reader.post(JOBS, {"action": action, "_selected_action": job.pk})
        reader.post(f"{JOBS}{job.pk}/change/", {"action": action})
    job.refresh_from_db()
    assert job.status == "todo"
    ProcrastinateJob.objects.filter(pk=job.pk)._raw_delete("default")
