"""The desk of the queue: what failed is seen, and queued again."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from orders.jobs import orders_autoconfirm
from shop.admin import TASKS
from shop.queue import job_enqueue
from shop.tests.clerks import clerk_with

URL = "/admin/procrastinate/procrastinatejob/"
TASK = "shop.tests.noted"


@pytest.fixture(autouse=True)
def _task(queue: None) -> Iterator[None]:
    """Register a task that takes what a job brings."""

    async def noted(**arguments: Any) -> None:
        """Take it."""

    app.task(name=TASK)(noted)
    yield
    del app.tasks[TASK]


@pytest.fixture
def boss(client: Client, staff: User) -> Client:
    client.force_login(staff)
    return client


def made(status: str, **arguments: Any) -> ProcrastinateJob:
    """Make a job as a worker would have left it."""
    job_enqueue(TASK, **arguments)
    job = ProcrastinateJob.objects.latest("id")
    with connection.cursor() as cursor:
        for step in {"todo": [], "doing": ["doing"]}.get(status, ["doing", status]):
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = %s WHERE id = %s",
                [step, job.pk],
            )
    job.refresh_from_db()
    return job


def state(job: ProcrastinateJob) -> tuple[str, int]:
    job.refresh_from_db()
    return job.status, job.attempts


def told(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_failed_job_is_queued_again_by_its_page(boss: Client) -> None:
    job = made("failed", refund_id=7)
    page = boss.get(f"{URL}{job.pk}/change/").content.decode()
    for text in (TASK, "refund_id", "加入队列", "开始执行", "失败", f"{job.pk}/retry/"):
        assert text in page
    url = f"{URL}{job.pk}/retry/"
    assert "refund_id" in boss.get(url).content.decode()
    assert state(job) == ("failed", 0)
    response = boss.post(url)
    assert response.status_code == 302
    assert told(response) == ["已重新排队,马上执行"]
    assert state(job) == ("todo", 1)
    assert LogEntry.objects.get().object_id == str(job.pk)
    page = boss.get(f"{URL}{job.pk}/change/").content.decode()
    assert "人工重试" in page
    assert f"{job.pk}/retry/" not in page


@pytest.mark.parametrize("status", ["todo", "doing", "cancelled", "aborted"])
def test_only_what_failed_is_queued_again(boss: Client, status: str) -> None:
    """What runs would run twice at once."""
    job = made(status)
    assert f"{job.pk}/retry/" not in boss.get(f"{URL}{job.pk}/change/").content.decode()
    response = boss.post(f"{URL}{job.pk}/retry/")
    assert "任务已不是失败状态,或相同的任务正在等待" in response.content.decode()
    assert state(job) == (status, 0)
    assert not LogEntry.objects.exists()


def test_job_that_is_gone_leads_to_the_list(boss: Client) -> None:
    response = boss.post(f"{URL}{10**9}/retry/")
    assert (response.status_code, response["Location"]) == (302, URL)
    assert told(response) == ["任务已完成,或不存在"]


def test_chosen_jobs_are_queued_again_and_counted(boss: Client) -> None:
    failed = [made("failed") for _ in range(3)]
    running = made("doing")
    chosen = [job.pk for job in (*failed[:2], running)]
    sent = {"action": "retry_chosen", "_selected_action": chosen}
    response = boss.post(URL, sent)
    assert told(response) == ["已重试2个任务,另有1个不是失败状态,或相同的任务正在等待"]
    assert [state(job)[0] for job in failed] == ["todo", "todo", "failed"]
    assert state(running) == ("doing", 0)
    logged = set(LogEntry.objects.values_list("object_id", flat=True))
    assert logged == {str(job.pk) for job in failed[:2]}


def test_work_that_waits_already_is_not_queued_twice(boss: Client) -> None:
    orders_autoconfirm.defer(timestamp=0)
    failed = ProcrastinateJob.objects.get()
    with connection.cursor() as cursor:
        for status in ("doing", "failed"):
            cursor.execute("UPDATE procrastinate_jobs SET status = %s", [status])
    orders_autoconfirm.configure(schedule_in={"days": 1}).defer(timestamp=1)
    response = boss.post(URL, {"action": "retry_chosen", "_selected_action": failed.pk})
    assert told(response) == ["已重试0个任务,另有1个不是失败状态,或相同的任务正在等待"]
    assert state(failed) == ("failed", 0)


def test_who_may_only_look_queues_nothing() -> None:
    job = made("failed")
    reader = clerk_with("procrastinate.view_procrastinatejob")
    page = reader.get(URL)
    assert "retry_chosen" not in page.content.decode()
    reader.post(URL, {"action": "retry_chosen", "_selected_action": job.pk})
    assert reader.post(f"{URL}{job.pk}/retry/").status_code == 403
    assert state(job) == ("failed", 0)
    helper = clerk_with(
        "procrastinate.view_procrastinatejob", "procrastinate.change_procrastinatejob"
    )
    helper.post(URL, {"action": "retry_chosen", "_selected_action": job.pk})
    assert state(job) == ("todo", 1)


def test_nothing_is_queued_by_a_link_or_without_the_token(staff: User) -> None:
    job = made("failed")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(staff)
    sent = {"action": "retry_chosen", "_selected_action": job.pk}
    strict.get(f"{URL}{job.pk}/retry/")
    strict.get(URL, sent)
    assert strict.post(f"{URL}{job.pk}/retry/").status_code == 403
    assert strict.post(URL, sent).status_code == 403
    assert state(job) == ("failed", 0)


def test_list_is_narrowed_to_what_failed_or_is_tried_again(boss: Client) -> None:
    failed, fresh = made("failed"), made("todo")
    tried = made("failed")
    boss.post(f"{URL}{tried.pk}/retry/")

    def listed(status: str) -> set[int]:
        found = boss.get(URL, {"status": status}).context["cl"].result_list
        return {job.pk for job in found}

    assert listed("failed") == {failed.pk}
    assert listed("todo") == {fresh.pk, tried.pk}
    assert listed("retrying") == {tried.pk}
    assert listed("x") == {failed.pk, fresh.pk, tried.pk}


def test_sidebar_counts_what_failed_and_lists_stay_cheap(
    boss: Client, django_assert_max_num_queries: Any
) -> None:
    made("failed")
    with django_assert_max_num_queries(20) as few:
        boss.get(URL)
    for _ in range(30):
        made("failed")
    with django_assert_max_num_queries(20) as many:
        page = boss.get(URL).content.decode()
    assert len(many) == len(few)
    assert ">31</span>" in page
    job = ProcrastinateJob.objects.latest("id")
    with django_assert_max_num_queries(20):
        boss.get(f"{URL}{job.pk}/change/")


def test_count_of_failed_jobs_is_an_index_look_up() -> None:
    rows = ProcrastinateJob.objects.filter(status="failed")
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        plan = rows.values("id").explain()
        cursor.execute("RESET enable_seqscan; RESET enable_bitmapscan")
    assert "job_failed" in plan


def test_each_task_of_the_house_has_its_words() -> None:
    ours = {
        name
        for name in app.tasks
        if name.partition(".")[0] in {"accounts", "catalog", "orders", "shop"}
    }
    assert ours - {TASK} == set(TASKS)
