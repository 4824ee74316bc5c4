"""The daily bill in the admin: read, checked again, its differences dealt with."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.admin.badges import open_differences
from orders.models import BillCheck, BillDifference, Order
from orders.tests.conftest import clerk, line, page, placed

CHECKS = "/admin/orders/billcheck/"
DIFFERENCES = "/admin/orders/billdifference/"
DAY = date(2026, 11, 25)


def check_make(day: date = DAY, **fields: Any) -> BillCheck:
    given = {"result": "differences", "checked_at": timezone.now()} | fields
    return BillCheck.objects.create(day=day, **given)


def difference_make(check: BillCheck, number: str, **fields: Any) -> BillDifference:
    given = {
        "kind": "payment_amount",
        "bill_says": "¥99.00 4200001",
        "shop_says": "¥98.00 4200001",
    } | fields
    return BillDifference.objects.create(bill_check=check, number=number, **given)


@pytest.fixture
def check(db: None) -> BillCheck:
    return check_make(
        bill_payments=3,
        bill_paid="297.00",
        shop_payments=2,
        shop_paid="198.00",
        bill_refunds=1,
        bill_refunded="12.50",
        other_rows=4,
    )


@pytest.fixture
def difference(check: BillCheck) -> BillDifference:
    return difference_make(check, "PAY001")


def found(client: Client, url: str, **query: Any) -> list[str]:
    changelist = client.get(url, query).context["cl"]
    return [str(row) for row in changelist.result_list]


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_days_newest_first_with_both_sides(desk: Client, check: BillCheck) -> None:
    older = check_make(date(2026, 11, 24), result="failed", error="微信账单过大")
    difference_make(check, "PAY001")
    difference_make(check, "PAY002", resolved_at=timezone.now())
    assert found(desk, CHECKS) == ["2026-11-25", "2026-11-24"]
    text = page(desk, CHECKS)
    for fact in ("¥297.00 / ¥198.00", "¥12.50 / ¥0.00", "有差异", "微信账单过大"):
        assert fact in text, fact
    counts = [row.open_count for row in desk.get(CHECKS).context["cl"].result_list]
    assert counts == [1, 0]
    assert found(desk, CHECKS, result__exact="failed") == [str(older)]
    assert found(desk, CHECKS, day_from="2026-11-25") == [str(check)]


def test_a_days_page_leads_to_its_differences(
    desk: Client, difference: BillDifference
) -> None:
    other = check_make(date(2026, 11, 24))
    difference_make(other, "PAY002")
    text = page(desk, f"{CHECKS}{difference.bill_check_id}/change/")
    query = "state=all&amp;bill_check__day_from=2026-11-25&amp;bill_check__day_to="
    assert f'href="{DIFFERENCES}?{query}2026-11-25"' in text
    for fact in ("¥297.00,共 3 笔", "¥198.00,共 2 笔", "¥12.50,共 1 笔", "1 条待处理"):
        assert fact in text, fact
    days = {"bill_check__day_from": "2026-11-25", "bill_check__day_to": "2026-11-25"}
    assert found(desk, DIFFERENCES, state="all", **days) == ["付款金额不一致 PAY001"]


def test_a_check_is_done_again_by_the_worker(desk: Client) -> None:
    check = check_make(timezone.localdate() - timedelta(days=1))
    url = f"{CHECKS}{check.pk}/run/"
    assert url in page(desk, f"{CHECKS}{check.pk}/change/")
    assert "重新下载当日账单并逐笔比对" in page(desk, url)
    response = desk.post(url)
    assert told(response) == ["已安排重新对账,请稍后刷新查看结果"]
    assert response["Location"] == f"{CHECKS}{check.pk}/change/"
    jobs = ProcrastinateJob.objects.filter(task_name="orders.jobs.bill_check")
    assert [job.args for job in jobs] == [{"day": check.day.isoformat()}]


def test_a_day_whose_bill_is_kept_no_more_is_not_checked_again(desk: Client) -> None:
    check = check_make(timezone.localdate() - timedelta(days=91))
    run = f"{CHECKS}{check.pk}/run/"
    assert run not in page(desk, f"{CHECKS}{check.pk}/change/")
    assert told(desk.post(run)) == ["微信只保留三个月内的账单,不能这样做"]
    assert not ProcrastinateJob.objects.exists()


def test_the_list_opens_with_what_nobody_has_dealt_with(
    desk: Client, staff: User, difference: BillDifference
) -> None:
    now = timezone.now()
    kind = "unknown_refund"
    difference_make(difference.bill_check, "REF002", kind=kind, resolved_at=now)
    mine, theirs = "付款金额不一致 PAY001", "系统没有的退款 REF002"
    assert found(desk, DIFFERENCES) == [mine]
    assert found(desk, DIFFERENCES, state="resolved") == [theirs]
    assert found(desk, DIFFERENCES, state="all") == [theirs, mine]
    assert found(desk, DIFFERENCES, q="REF") == [theirs]
    assert found(desk, DIFFERENCES, kind__exact="unknown_refund", state="all") == [
        theirs
    ]
    request = RequestFactory().get("/admin/")
    request.user = staff
    assert open_differences(request) == 1


def test_a_difference_is_dealt_with_and_says_by_whom(
    desk: Client, staff: User, difference: BillDifference
) -> None:
    url = f"{DIFFERENCES}{difference.pk}/"
    text = page(desk, f"{url}resolve/")
    for fact in ("2026-11-25", "¥99.00 4200001", "¥98.00 4200001"):
        assert fact in text, fact
    response = desk.post(f"{url}resolve/", {"note": "<b>微信</b>已更正"})
    assert told(response) == ["已标为已处理:微信已更正"]
    difference.refresh_from_db()
    difference.bill_check.refresh_from_db()
    assert (difference.resolved_by, difference.note) == (staff, "微信已更正")
    assert difference.bill_check.result == "matched"
    text = page(desk, f"{url}change/")
    assert f"{url}resolve/" not in text
    assert "微信已更正" in text
    response = desk.get(f"{url}resolve/")
    assert told(response) == ["该差异已处理,不能这样做"]


@pytest.mark.parametrize("note", ["", " ", "<b></b>", "长" * 201])
def test_without_a_note_it_stays_open(
    desk: Client, difference: BillDifference, note: str
) -> None:
    response = desk.post(f"{DIFFERENCES}{difference.pk}/resolve/", {"note": note})
    assert response.status_code == 200
    difference.refresh_from_db()
    assert (difference.resolved_at, difference.note) == (None, "")


def test_a_difference_leads_to_its_order(
    desk: Client, shopper_api: APIClient, tea: Product, check: BillCheck
) -> None:
    placed(shopper_api, line(tea))
    row = difference_make(check, "PAY001", order=Order.objects.get())
    link = f"/admin/orders/order/{row.order_id}/change/"
    assert link in page(desk, f"{DIFFERENCES}{row.pk}/change/")


def test_nothing_is_written_by_hand(desk: Client, difference: BillDifference) -> None:
    for url in (f"{CHECKS}{difference.bill_check_id}", f"{DIFFERENCES}{difference.pk}"):
        assert desk.post(f"{url}/change/", {"note": "x"}).status_code == 403
        assert desk.post(f"{url}/delete/", {"post": "yes"}).status_code == 403
    for url in (CHECKS, DIFFERENCES):
        assert desk.get(f"{url}add/").status_code == 403
    assert BillDifference.objects.get().note == ""


def test_who_may_only_look_resolves_and_runs_nothing(
    client: Client, difference: BillDifference
) -> None:
    client = clerk(client, "view_billcheck", "view_billdifference")
    run = f"{CHECKS}{difference.bill_check_id}/run/"
    resolve = f"{DIFFERENCES}{difference.pk}/resolve/"
    assert client.post(run).status_code == 403
    assert client.post(resolve, {"note": "x"}).status_code == 403
    assert run not in page(client, f"{CHECKS}{difference.bill_check_id}/change/")
    assert resolve not in page(client, f"{DIFFERENCES}{difference.pk}/change/")
    difference.refresh_from_db()
    assert difference.resolved_at is None
    assert not ProcrastinateJob.objects.exists()


@pytest.mark.parametrize("url", [CHECKS, DIFFERENCES])
def test_statements_do_not_grow_with_the_rows(
    desk: Client, difference: BillDifference, url: str
) -> None:
    def statements() -> int:
        page(desk, url)  # Once, to fill Django's cache of content types.
        with CaptureQueriesContext(connection) as queries:
            page(desk, url)
        assert len(queries) <= 15
        return len(queries)

    few = statements()
    for day in range(1, 5):
        check = check_make(date(2026, 11, day))
        for number in range(3):
            difference_make(check, f"PAY{number}")
    assert statements() == few
