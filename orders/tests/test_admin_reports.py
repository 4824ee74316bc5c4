"""Shipping uploads and messages in the admin: found, read, and uploaded again."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

from catalog.models import Product
from orders.errors import IllegalTransition
from orders.models import Order, ShippingUpload, SubscribeMessage, UploadState
from orders.services.fulfilment import order_ship
from orders.services.shipping_uploads import (
    shipping_upload_drop,
    shipping_upload_resend,
)
from orders.tests.conftest import ORDERS, clerk, line, page, paid_order
from shop.wechat.templates import template_read

UPLOADS = "/admin/orders/shippingupload/"
MESSAGES = "/admin/orders/subscribemessage/"
TASK = "orders.jobs.shipping_upload_send"


@pytest.fixture
def shipped(shopper_api: APIClient, tea: Product, settings: Any) -> Callable[[], Order]:
    settings.WECHAT_TEMPLATES = {
        event: template_read(event, "T order_no=character_string1")
        for event in ("paid", "shipped")
    }

    def make() -> Order:
        order = paid_order(shopper_api, line(tea))
        number = f"SF{order.pk:08d}"
        order_ship(
            order_id=order.pk, carrier="SF", tracking_no=number, operator_id=None
        )
        return order

    return make


@pytest.fixture
def failed(shipped: Callable[[], Order]) -> ShippingUpload:
    upload = ShippingUpload.objects.get(order=shipped())
    upload.state, upload.error, upload.errcode = "failed", "微信没有开通", 48001
    upload.parcels = [
        {"express_company": "SF", "tracking_no": "SF0", "item_desc": "茶*1"},
        {"express_company": "", "tracking_no": "", "item_desc": "杯*1"},
    ]
    upload.save()
    return upload


def found(client: Client, url: str, **query: Any) -> list[int]:
    changelist = client.get(url, query).context["cl"]
    return [row.pk for row in changelist.result_list]


def jobs() -> int:
    return ProcrastinateJob.objects.filter(task_name=TASK).count()


def test_uploads_are_searched_and_filtered(
    desk: Client, failed: ShippingUpload, shipped: Callable[[], Order]
) -> None:
    other = ShippingUpload.objects.get(order=shipped())
    assert found(desk, UPLOADS) == [other.pk, failed.pk]
    assert found(desk, UPLOADS, state__exact="failed") == [failed.pk]
    assert found(desk, UPLOADS, q=failed.order.order_no) == [failed.pk]
    text = page(desk, UPLOADS)
    for word in ("上报失败", "待上报", "微信没有开通", "48001"):
        assert word in text


def test_sidebar_counts_what_failed(desk: Client, failed: ShippingUpload) -> None:
    def badges() -> list[str]:
        sections = desk.get("/admin/").context["sidebar_navigation"]
        items = [item for section in sections for item in section["items"]]
        [item] = [item for item in items if item["title"] == "发货上报"]
        return [str(item["badge_callback"])]

    assert badges() == ["1"]
    ShippingUpload.objects.update(state="succeeded")
    assert badges() == ["0"]


def test_page_of_an_upload_tells_what_wechat_has(
    desk: Client, failed: ShippingUpload
) -> None:
    text = page(desk, f"{UPLOADS}{failed.pk}/change/")
    for fact in (
        *("顺丰速运 SF0 茶*1", "商家自行配送 杯*1", "上报失败", "微信没有开通"),
        f"{ORDERS}{failed.order_id}/change/",
        f'href="{UPLOADS}{failed.pk}/resend/"',
    ):
        assert fact in text, fact


def test_order_tells_of_its_upload(desk: Client, failed: ShippingUpload) -> None:
    url = f"{ORDERS}{failed.order_id}/change/"
    assert "微信没有开通" in page(desk, url)


@pytest.mark.usefixtures("queue")
def test_order_hides_it_from_others(client: Client, failed: ShippingUpload) -> None:
    text = page(clerk(client, "view_order"), f"{ORDERS}{failed.order_id}/change/")
    assert "微信没有开通" not in text


@pytest.mark.usefixtures("queue")
def test_what_failed_is_uploaded_again(desk: Client, failed: ShippingUpload) -> None:
    before, url = jobs(), f"{UPLOADS}{failed.pk}/resend/"
    assert "微信没有开通" in page(desk, url)
    assert jobs() == before
    response = desk.post(url)
    assert response.status_code == 302
    told = [str(message) for message in get_messages(response.wsgi_request)]
    assert told == ["已重新排队上报,请稍后刷新查看结果"]
    failed.refresh_from_db()
    assert (failed.state, failed.error, jobs()) == ("pending", "", before + 1)
    assert LogEntry.objects.get().change_message == told[0]


@pytest.mark.usefixtures("queue")
def test_what_staff_have_seen_to_is_dropped(
    desk: Client, failed: ShippingUpload
) -> None:
    before, url = jobs(), f"{UPLOADS}{failed.pk}/drop/"
    assert desk.post(url, {"reason": " "}).status_code == 200
    failed.refresh_from_db()
    assert failed.state == "failed"
    assert desk.post(url, {"reason": "已在微信后台更正"}).status_code == 302
    failed.refresh_from_db()
    assert (failed.state, failed.error) == ("dropped", "已在微信后台更正")
    assert jobs() == before
    assert LogEntry.objects.get().change_message == "不再上报,原因:已在微信后台更正"


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize("name", ["resend", "drop"])
@pytest.mark.parametrize("state", ["pending", "succeeded", "dropped"])
def test_nothing_is_done_about_what_has_not_failed(
    desk: Client, failed: ShippingUpload, state: str, name: str
) -> None:
    ShippingUpload.objects.update(state=state)
    before, url = jobs(), f"{UPLOADS}{failed.pk}/{name}/"
    assert url not in page(desk, f"{UPLOADS}{failed.pk}/change/")
    response = desk.post(url, {"reason": "x"})
    assert response["Location"] == f"{UPLOADS}{failed.pk}/change/"
    [told] = get_messages(response.wsgi_request)
    assert (told.level_tag, str(told)) == (
        "error",
        f"发货信息{UploadState(state).label},不能这样做",
    )
    # A twin that was faster is met by the service itself.
    order_id = failed.order_id
    for act in (
        lambda: shipping_upload_resend(order_id=order_id),
        lambda: shipping_upload_drop(order_id=order_id, reason="x"),
    ):
        with pytest.raises(IllegalTransition, match="不用再处理"):
            act()
    failed.refresh_from_db()
    assert (failed.state, jobs()) == (state, before)


@pytest.mark.usefixtures("queue")
def test_seeing_is_not_uploading(client: Client, failed: ShippingUpload) -> None:
    before, url = jobs(), f"{UPLOADS}{failed.pk}/"
    client = clerk(client, "view_shippingupload")
    assert "resend" not in page(client, f"{url}change/")
    assert client.post(f"{url}resend/").status_code == 403
    assert client.post(f"{url}drop/", {"reason": "x"}).status_code == 403
    assert client.post(f"{url}change/", {"state": "succeeded"}).status_code == 403
    assert client.post(f"{url}delete/", {"post": "yes"}).status_code == 403
    failed.refresh_from_db()
    assert (failed.state, jobs()) == ("failed", before)


def test_upload_that_is_not_there(desk: Client) -> None:
    for name in ("resend", "drop"):
        response = desk.post(f"{UPLOADS}7/{name}/", {"reason": "x"})
        assert response["Location"] == f"{UPLOADS}7/change/"


def test_messages_are_searched_filtered_and_read(
    desk: Client, failed: ShippingUpload, shipped: Callable[[], Order]
) -> None:
    shipped()
    refused = SubscribeMessage.objects.get(order=failed.order, kind="paid")
    refused.state, refused.error, refused.errcode = "refused", "没有订阅", 43101
    refused.save()
    assert len(found(desk, MESSAGES)) == 4
    assert found(desk, MESSAGES, state__exact="refused") == [refused.pk]
    assert len(found(desk, MESSAGES, kind__exact="shipped")) == 2
    assert len(found(desk, MESSAGES, q=failed.order.order_no)) == 2
    text = page(desk, f"{MESSAGES}{refused.pk}/change/")
    for fact in ("付款成功", "买家未订阅", "没有订阅", "43101"):
        assert fact in text, fact
    assert desk.post(f"{MESSAGES}{refused.pk}/change/", {}).status_code == 403


@pytest.mark.parametrize("url", [UPLOADS, MESSAGES])
def test_statements_do_not_grow_with_the_rows(
    desk: Client, shipped: Callable[[], Order], url: str
) -> None:
    def statements() -> int:
        page(desk, url)  # Once, to fill Django's cache of content types.
        with CaptureQueriesContext(connection) as queries:
            page(desk, url)
        assert len(queries) <= 15
        return len(queries)

    shipped()
    few = statements()
    for _ in range(4):
        shipped()
    assert statements() == few
