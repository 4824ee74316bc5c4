"""The whole tree in a new order: by the service, and as the list sends it."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from catalog.models import Category
from catalog.services.categories import categories_arrange, category_create
from catalog.tests.admin_pages import staff_client, told
from catalog.tests.test_races import WRITERS, together
from catalog.tree import category_walk, tree_version
from shop.errors import ShopError

LIST = "/admin/catalog/category/"
ARRANGE = f"{LIST}arrange/"
CHANGED = "分类已被他人修改,本次排序未保存,请按现在的顺序重新调整"
ODD = "排序的内容不正确,请刷新后重试"
Place = tuple[int, int | None]


@pytest.fixture
def tree(db: None) -> dict[str, int]:
    """茶 (绿茶, 红茶) 家居, as ids by name."""
    tea = category_create(name="茶", position=1)
    green = category_create(name="绿茶", parent=tea, position=1)
    black = category_create(name="红茶", parent=tea, position=2)
    home = category_create(name="家居", position=2)
    return {one.name: one.pk for one in (tea, green, black, home)}


def shape() -> list[tuple[str, int]]:
    return [(category.name, level) for category, level in category_walk()]


def rows() -> list[dict[str, Any]]:
    return list(Category.objects.order_by("pk").values())


def version() -> str:
    return tree_version(category for category, _ in category_walk())


def arrange(*places: Place, expected: str = "") -> list[int]:
    return categories_arrange(
        places=places, expected_version=expected or version(), operator_id=None
    )


def sent(client: Client, order: Any, seen: str = "") -> Any:
    text = order if isinstance(order, str) else json.dumps(order)
    return client.post(ARRANGE, {"order": text, "version": seen or version()})


def test_children_move_and_change_parents_at_once(tree: dict[str, int]) -> None:
    tea, green, black, home = tree.values()
    moved = arrange((home, None), (black, home), (tea, None), (green, tea))
    assert shape() == [("家居", 0), ("红茶", 1), ("茶", 0), ("绿茶", 1)]
    assert {*moved} == {home, black, tea}
    positions = dict(Category.objects.values_list("pk", "position"))
    assert positions == {home: 1, tea: 2, black: 1, green: 1}


def test_siblings_who_stay_keep_their_positions(tree: dict[str, int]) -> None:
    tea, green, black, home = tree.values()
    Category.objects.filter(pk=home).update(position=70)
    before = {row["id"]: row for row in rows()}
    assert {*arrange((tea, None), (black, tea), (green, tea), (home, None))} == {
        black,
        green,
    }
    after = {row["id"]: row for row in rows()}
    assert (after[tea], after[home]) == (before[tea], before[home])
    assert arrange((tea, None), (black, tea), (green, tea), (home, None)) == []


def test_an_older_page_does_not_overwrite_a_newer_order(
    client: Client, tree: dict[str, int]
) -> None:
    tea, green, black, home = tree.values()
    seen = client.get(LIST).context["version"]
    order = [[home, None], [tea, None], [green, tea], [black, tea]]
    assert told(sent(client, order, seen)) == ["分类顺序已保存"]
    before = rows()
    other = [[tea, None], [black, tea], [green, tea], [home, None]]
    response = sent(client, other, seen)
    assert (response.status_code, response.url) == (302, LIST)
    assert told(response) == [CHANGED]
    assert rows() == before
    # One that came meanwhile makes the page older, too.
    seen = client.get(LIST).context["version"]
    category_create(name="新")
    assert told(sent(client, other, seen)) == [CHANGED]
    assert rows()[:4] == before


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("[['茶', null], ['绿茶', '茶'], ['红茶', '茶']]", ODD),
        ("[['茶', null], ['茶', null], ['绿茶', '茶'], ['红茶', '茶']]", ODD),
        (
            "[['茶', null], ['绿茶', '茶'], ['红茶', '茶'], ['家居', null], "
            "['家居', null]]",
            ODD,
        ),
        ("[['茶', null], ['绿茶', '茶'], ['红茶', '茶'], [999999, null]]", ODD),
        (
            "[['茶', null], ['绿茶', '茶'], ['红茶', '茶'], ['家居', null], [1, null]]",
            ODD,
        ),
        (
            "[['茶', '绿茶'], ['绿茶', '茶'], ['红茶', null], ['家居', null]]",
            "不能移到自己或自己的下级分类中",
        ),
        (
            "[['茶', '茶'], ['绿茶', '茶'], ['红茶', '茶'], ['家居', null]]",
            "不能移到自己或自己的下级分类中",
        ),
        (
            "[['茶', 999999], ['绿茶', '茶'], ['红茶', '茶'], ['家居', null]]",
            "不能移到自己或自己的下级分类中",
        ),
        ("[[true, null], ['绿茶', '茶'], ['红茶', '茶'], ['家居', null]]", ODD),
        ("", ODD),
        ("[", ODD),
        ("7", ODD),
        ("[7]", ODD),
        ('["ab"]', ODD),
        ("[" * 100_000, ODD),
        ("{}", ODD),
        ("[]", ODD),
    ],
)
def test_what_is_no_order_of_the_tree_is_refused(
    client: Client, tree: dict[str, int], order: str, message: str
) -> None:
    for name, pk in tree.items():
        order = order.replace(f"'{name}'", str(pk))
    before = rows()
    assert told(sent(client, order)) == [message]
    assert rows() == before
    assert not LogEntry.objects.exists()


def test_no_order_makes_more_than_five_levels(db: None) -> None:
    ids = [category_create(name=str(number)).pk for number in range(6)]
    five: list[Place] = [(ids[0], None), *zip(ids[1:5], ids[:4], strict=True)]
    arrange(*five, (ids[5], None))
    before = rows()
    with pytest.raises(ShopError, match="分类最多5级"):
        arrange(*five, (ids[5], ids[4]))
    assert rows() == before


def test_who_moved_what_is_kept(
    client: Client, staff: Any, tree: dict[str, int]
) -> None:
    tea, green, black, home = tree.values()
    order = [[tea, None], [green, tea], [home, None], [black, home]]
    sent(client, order)
    last = Category.history.latest("history_id")
    assert (last.id, last.parent_id, last.history_user_id) == (black, home, staff.pk)
    logged = LogEntry.objects.values_list("object_id", "change_message")
    assert list(logged) == [(str(black), "调整顺序")]
    (deed, _) = client.get(f"{LIST}{black}/history/").context["deeds"]
    told_there = {one.field: (one.old, one.new) for one in deed.parts[0].changes}
    assert deed.texts == ["调整顺序"]
    assert told_there["上级分类"] == ("茶", "家居")


def test_only_who_may_change_categories_arranges(tree: dict[str, int]) -> None:
    reader = staff_client("view_category")
    assert reader.get(ARRANGE).status_code == 403
    assert sent(reader, []).status_code == 403
    text = reader.get(LIST).content.decode()
    assert "红茶" in text
    assert "data-category-tree" not in text
    clerk = staff_client("change_category", name="other")
    assert "data-category-tree" in clerk.get(LIST).content.decode()
    assert clerk.get(ARRANGE).url == LIST
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = clerk.cookies
    assert sent(strict, []).status_code == 403


def test_a_search_shows_what_it_finds_and_no_tree(
    client: Client, tree: dict[str, int]
) -> None:
    text = client.get(LIST, {"q": "红"}).content.decode()
    assert "红茶" in text
    assert "绿茶" not in text
    assert "data-category-tree" not in text


@pytest.mark.usefixtures("transactional_db", "patient_database")
def test_of_those_who_arrange_the_same_page_one_wins() -> None:
    ids = [category_create(name=str(number)).pk for number in range(WRITERS + 1)]
    seen = version()

    def turn(number: int) -> list[int]:
        """Put another category in front, each."""
        order = [ids[number + 1], *(pk for pk in ids if pk != ids[number + 1])]
        return arrange(*((pk, None) for pk in order), expected=seen)

    results = together(turn)
    moved = [result for result in results if isinstance(result, list)]
    assert Counter(map(str, results))["categories_changed"] == WRITERS - 1
    assert len(moved) == 1
    positions = Category.objects.order_by("position").values_list("position", flat=True)
    assert list(positions) == list(range(1, WRITERS + 2))


@pytest.mark.usefixtures("transactional_db", "patient_database")
def test_an_order_meets_a_new_category() -> None:
    """Either it comes before and the order is refused, or after the order."""
    ids = [category_create(name=str(number)).pk for number in range(2)]
    seen = version()
    acts: list[Callable[[], Any]] = [
        lambda: arrange((ids[1], None), (ids[0], None), expected=seen),
        lambda: category_create(name="新", position=9).pk and None,
    ]
    results = together(lambda number: acts[number % 2]() if number < 2 else None)
    names = [name for name, _ in shape()]
    expected = ["0", "1", "新"] if "categories_changed" in results else ["1", "0", "新"]
    assert names == expected
