"""Filters that staff keep: one's own, under a name, and leading to their list alone."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from accounts.models import User
from conftest import alone
from shop.errors import Invalid
from shop.models import SavedFilter
from shop.services import FILTERS_MAX, saved_filter_add
from shop.tests.clerks import browser, clerk_with

ORDERS = "/admin/orders/order/"
KEEP = f"{ORDERS}saved-filters/"
TO_SHIP = "q=%E5%BC%A0&stage=to_ship"


@pytest.fixture
def boss(staff: User) -> Client:
    return browser(staff)


def send(client: Client, **fields: str) -> tuple[str, list[str]]:
    """Send the form; return where it leads, and what staff are told."""
    answer = client.post(KEEP, fields)
    assert answer.status_code == 302
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    return answer["Location"], told[-1:]


def keep(client: Client, name: str = "待发货", query: str = TO_SHIP) -> list[str]:
    return send(client, add="1", name=name, query=query)[1]


def kept() -> list[tuple[Any, ...]]:
    names = ("user__username", "desk", "name", "query")
    return list(SavedFilter.objects.values_list(*names))


def tabs(client: Client, url: str = ORDERS) -> list[tuple[str, str, bool]]:
    shown = client.get(url).context["filter_tabs"]
    return [(tab.name, tab.query, tab.is_active) for tab in shown]


def own(client: Client, url: str = ORDERS) -> list[tuple[str, str, bool]]:
    return [tab for tab in tabs(client, url) if tab[0] in {"待发货的张", "别的"}]


def test_filter_is_kept_shown_and_used(boss: Client) -> None:
    where, told = send(boss, add="1", name="待发货的张", query=f"{TO_SHIP}&p=3&x=1")
    assert (where, told) == (f"{ORDERS}?{TO_SHIP}", ["已保存筛选“待发货的张”"])
    assert kept() == [("boss", "orders.order", "待发货的张", TO_SHIP)]
    assert own(boss) == [("待发货的张", TO_SHIP, False)]
    # The parameters in another sequence are the same filter.
    chosen = f"{ORDERS}?stage=to_ship&q=张&p=2"
    assert own(boss, chosen) == [("待发货的张", TO_SHIP, True)]
    assert own(boss, "/admin/orders/refund/") == []


def test_what_a_list_shows_is_offered_to_be_kept(boss: Client) -> None:
    offer = "保存当前筛选"
    assert offer not in boss.get(ORDERS).content.decode()
    assert offer in boss.get(f"{ORDERS}?{TO_SHIP}").content.decode()
    keep(boss)
    page = boss.get(f"{ORDERS}?{TO_SHIP}").content.decode()
    assert offer not in page
    assert "改名或删除" in page


def test_filter_is_renamed_and_deleted(boss: Client) -> None:
    keep(boss)
    number = str(SavedFilter.objects.get().pk)
    where, told = send(boss, rename="1", filter=number, name="别的", query=TO_SHIP)
    assert (where, told) == (f"{ORDERS}?{TO_SHIP}", ["已改名"])
    assert kept() == [("boss", "orders.order", "别的", TO_SHIP)]
    assert send(boss, delete="1", filter=number) == (f"{ORDERS}?", ["已删除筛选"])
    assert kept() == []


def test_others_neither_see_nor_touch_it(boss: Client) -> None:
    keep(boss, "待发货的张")
    number = str(SavedFilter.objects.get().pk)
    clerk = clerk_with("orders.view_order")
    assert own(clerk) == []
    for act in ("rename", "delete"):
        told = send(clerk, **{act: "1"}, filter=number, name="别的")[1]
        assert told == ["筛选不存在"]
    assert [name for _, _, name, _ in kept()] == ["待发货的张"]
    # The same name is free for somebody else, and for another list.
    assert keep(clerk, "待发货的张") == ["已保存筛选“待发货的张”"]


def test_a_filter_of_another_list_is_not_this_ones(boss: Client, staff: User) -> None:
    other = saved_filter_add(
        user_id=staff.pk, desk="orders.refund", name="别的", query="state=failed"
    )
    assert send(boss, delete="1", filter=str(other.pk))[1] == ["筛选不存在"]
    assert SavedFilter.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "query", "told"),
    [
        ("", TO_SHIP, "名称不能为空"),
        (" <b></b> ", TO_SHIP, "名称不能为空"),
        ("长" * 21, TO_SHIP, "名称不能超过20个字"),
        ("空", "", "请先筛选或搜索,再保存"),
        (
            "空",
            "p=2&next=https://x.example&password__startswith=p",
            "请先筛选或搜索,再保存",
        ),
        ("长", f"q={'x' * 1000}", "筛选条件过长,不能保存"),
        ("张", "q=13800138000&stage=paid", "筛选里有手机号,不能保存"),
        ("张", "receiver_phone=%2B8613800138000", "筛选里有手机号,不能保存"),
        ("待发货", "stage=partly", "已有名为“待发货”的筛选,请换一个名称"),
    ],
)
def test_what_cannot_be_kept_is_told(
    boss: Client, name: str, query: str, told: str
) -> None:
    keep(boss)
    assert keep(boss, name, query) == [told]
    assert len(kept()) == 1


def test_a_taken_name_is_refused_to_a_rename(boss: Client) -> None:
    keep(boss)
    keep(boss, "别的")
    number = str(SavedFilter.objects.latest("pk").pk)
    told = send(boss, rename="1", filter=number, name="待发货")[1]
    assert told == ["已有名为“待发货”的筛选,请换一个名称"]
    assert send(boss, rename="1", filter=number, name="别的")[1] == ["已改名"]
    assert [name for _, _, name, _ in kept()] == ["待发货", "别的"]


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 30, "\0", "²"])
def test_odd_numbers_delete_nothing(boss: Client, number: str) -> None:
    keep(boss)
    assert send(boss, delete="1", filter=number)[1] == ["筛选不存在"]
    assert len(kept()) == 1


@pytest.mark.parametrize(
    "query",
    ["//x.example", "https://x.example/?q=1", "\r\nX: 1", "next=//x.example&o=1"],
)
def test_it_leads_to_its_list_alone(boss: Client, query: str) -> None:
    where, _ = send(boss, add="1", name="别的", query=query)
    assert where.startswith(f"{ORDERS}?")
    assert "x.example" not in where.removeprefix(f"{ORDERS}?").split("q=")[0]


def test_names_are_text(boss: Client) -> None:
    keep(boss, "<img src=x>a<b")
    assert [name for _, _, name, _ in kept()] == ["a<b"]
    page = boss.get(f"{ORDERS}?{TO_SHIP}").content.decode()
    assert "a&lt;b" in page
    assert "a<b" not in page


def test_a_foreign_page_keeps_nothing(staff: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)
    assert (
        client.post(KEEP, {"add": "1", "name": "x", "query": "q=1"}).status_code == 403
    )
    assert kept() == []


def test_a_reload_keeps_nothing(boss: Client) -> None:
    answer = boss.get(KEEP, {"add": "1", "name": "x", "query": "q=1"})
    assert (answer.status_code, answer["Location"]) == (302, f"{ORDERS}?")
    assert kept() == []


def test_list_that_opens_with_what_waits_says_so(boss: Client, staff: User) -> None:
    saved_filter_add(
        user_id=staff.pk, desk="orders.refund", name="失败", query="state=failed"
    )
    assert tabs(boss, "/admin/orders/refund/")[0] == ("待办", "", True)


@pytest.mark.usefixtures("transactional_db")
def test_two_at_once_keep_no_more_than_there_may_be(staff: User) -> None:
    def add(number: int) -> None:
        saved_filter_add(
            user_id=staff.pk, desk="orders.order", name=f"{number}", query="q=1"
        )

    for number in range(FILTERS_MAX - 1):
        add(number)
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(alone(add), 100 + number) for number in range(4)]
        errors = [answer.exception() for answer in answers]
    refused = [str(error) for error in errors if isinstance(error, Invalid)]
    assert refused == ["最多保存20个筛选,请先删除不用的"] * 3
    assert SavedFilter.objects.count() == FILTERS_MAX


STANDING = {
    "catalog/product": {"在售": "status=on_sale", "下架": "status=off_sale"},
    "catalog/sku": {"需补货": "stock=low", "缺货": "stock=out"},
    "orders/payment": {"多收款": "state__exact=undue"},
    "orders/refund": {
        "待第二人审批": "state=agreed",
        "待收退货": "state=returning",
        "退款失败": "state=failed",
    },
    "orders/review": {
        "未回复": "state=unanswered",
        "差评": "rating=low&state=all",
        "已隐藏": "state=hidden",
    },
}


@pytest.mark.parametrize("desk", STANDING)
def test_everybody_has_the_filters_of_a_desk(boss: Client, desk: str) -> None:
    url = f"/admin/{desk}/"
    _, *offered = tabs(boss, url)
    assert offered == [(*named, False) for named in STANDING[desk].items()]
    for name, query in STANDING[desk].items():
        shown = boss.get(f"{url}?{query}")
        assert shown.status_code == 200
        active = [tab.name for tab in shown.context["filter_tabs"] if tab.is_active]
        assert active == [name]
        # It narrows the list, and is no parameter that nobody knows.
        assert shown.context["cl"].has_active_filters
