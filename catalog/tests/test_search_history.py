"""/api/search/history: a shopper's own words, newest first, each once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from catalog.jobs import search_history_delete
from catalog.models import SearchHistory
from catalog.services.search_history import (
    WORDS_MAX,
    search_history_add,
)
from catalog.tests.conftest import refused
from conftest import alone, lock_waiters, wait_until

PATH = "/api/search/history"


def add(api: APIClient, keyword: Any) -> Any:
    return api.post(PATH, {"keyword": keyword}, format="json")


def words(api: APIClient, **query: Any) -> list[str]:
    data = api.get(PATH, {"size": 100, **query}).json()["data"]
    return [one["keyword"] for one in data["list"]]


def test_newest_first_and_each_word_once_in_any_case(
    shopper_api: APIClient, other_api: APIClient
) -> None:
    ids = [add(shopper_api, word).json()["data"]["id"] for word in ("T恤", "茶", "杯")]
    assert add(other_api, "茶").status_code == 201
    again = add(shopper_api, " t恤<b></b> ")
    assert again.status_code == 201
    data = again.json()["data"]
    searched_at = data.pop("searchedAt")
    assert data == {"id": ids[0], "keyword": "t恤"}
    assert searched_at.endswith("+08:00")
    assert words(shopper_api) == ["t恤", "杯", "茶"]
    assert words(other_api) == ["茶"]
    page = shopper_api.get(PATH, {"page": 2, "size": 2}).json()["data"]
    assert [one["id"] for one in page["list"]] == [ids[1]]
    assert page["pagination"] == {"total": 3, "page": 2, "size": 2, "totalPages": 2}


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("", "关键词不能为空"),
        ("<script></script>", "关键词不能为空"),
        (None, "关键词不能为空"),
        ("茶" * 51, "关键词长度不能超过50"),
        (["茶"], "关键词格式不正确"),
    ],
)
def test_what_is_no_word(shopper_api: APIClient, keyword: Any, text: str) -> None:
    refused(add(shopper_api, keyword), keyword=text)
    assert SearchHistory.objects.count() == 0


def test_the_oldest_go(
    shopper: Any, shopper_api: APIClient, django_assert_num_queries: Any
) -> None:
    for number in range(WORDS_MAX):
        search_history_add(user_id=shopper.pk, keyword=f"词{number}")
    # Who asks; the word, new or not; what is too old.
    for word in ("新", "词5"):
        with django_assert_num_queries(3):
            add(shopper_api, word)
    left = [f"词{number}" for number in range(WORDS_MAX - 1, 0, -1)]
    left.remove("词5")
    assert words(shopper_api) == ["词5", "新", *left]
    assert SearchHistory.objects.count() == WORDS_MAX
    with django_assert_num_queries(3):
        words(shopper_api)


def test_one_word_or_all_are_deleted_and_only_ones_own(
    shopper_api: APIClient, other_api: APIClient, api: APIClient, staff_api: APIClient
) -> None:
    tea = add(shopper_api, "茶").json()["data"]["id"]
    for word in ("杯", "壶"):
        add(shopper_api, word)
    theirs = add(other_api, "茶").json()["data"]["id"]
    assert shopper_api.delete(f"{PATH}/{theirs}").status_code == 404
    assert shopper_api.delete(f"{PATH}/{tea}").status_code == 200
    # A double tap.
    assert shopper_api.delete(f"{PATH}/{tea}").status_code == 404
    assert (words(shopper_api), words(other_api)) == (["壶", "杯"], ["茶"])
    for _ in range(2):
        assert shopper_api.delete(PATH).json() == {
            "code": 0,
            "message": "删除成功",
            "data": None,
        }
    assert (words(shopper_api), words(other_api)) == ([], ["茶"])
    for client, status in ((api, 401), (staff_api, 403)):
        assert client.get(PATH).status_code == status
        assert client.delete(PATH).status_code == status
        assert client.delete(f"{PATH}/{theirs}").status_code == status
        assert add(client, "茶").status_code == status
    assert SearchHistory.objects.count() == 1


def test_what_is_old_is_deleted_by_the_clock(shopper: Any) -> None:
    kept, old = (
        search_history_add(user_id=shopper.pk, keyword=word) for word in ("新", "旧")
    )
    for word, days in ((kept, 179), (old, 180)):
        moment = timezone.now() - timedelta(days=days, seconds=1)
        SearchHistory.objects.filter(pk=word.id).update(searched_at=moment)
    search_history_delete(timestamp=0)
    assert SearchHistory.objects.get().keyword == "新"


@pytest.mark.django_db(transaction=True)
def test_an_account_that_is_being_deleted_keeps_no_word(
    shopper: Any, shopper_api: APIClient, patient_database: None
) -> None:
    rows = get_user_model().objects.filter(pk=shopper.pk)
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            # As who deletes an account does.
            rows.select_for_update().get()
            twins = [pool.submit(alone(add), shopper_api, "茶") for _ in range(2)]
            wait_until(lambda: lock_waiters() == 2)
            rows.update(is_active=False)
        assert [twin.result().status_code for twin in twins] == [404, 404]
    assert SearchHistory.objects.count() == 0
    rows.update(is_active=True)
    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(alone(add), shopper_api, word) for word in "茶tT茶Tt茶t"]
        assert {one.result().status_code for one in sent} == {201}
    assert sorted(word.lower() for word in words(shopper_api)) == ["t", "茶"]


@pytest.mark.django_db(transaction=True)
def test_the_oldest_go_whatever_comes_at_once(
    shopper: Any, patient_database: None
) -> None:
    """As many words at once as wait for a deletion that doesn't happen."""
    for number in range(WORDS_MAX):
        search_history_add(user_id=shopper.pk, keyword=f"词{number}")
    with ThreadPoolExecutor(4) as pool:
        with transaction.atomic():
            get_user_model().objects.select_for_update().get(pk=shopper.pk)
            who = {"user_id": shopper.pk}
            added = [
                pool.submit(alone(search_history_add), **who, keyword=word)
                for word in "茶杯壶碗"
            ]
            wait_until(lambda: lock_waiters() == 4)
        left = {one.result().keyword for one in added}
    left |= {f"词{number}" for number in range(4, WORDS_MAX)}
    words = SearchHistory.objects.values_list("keyword", flat=True)
    assert (len(words), set(words)) == (WORDS_MAX, left)
