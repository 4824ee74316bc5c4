"""GET /api/products/{id}/reviews: what everybody sees, page by page."""

from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from catalog.rating import rating_average
from conftest import make_shopper
from orders.models import Order, OrderItem, Review, ReviewTally
from orders.review_listing import SKIPPED_MAX, nickname_masked
from orders.services.accounts import account_delete
from orders.services.reviews import review_answer, review_hide, review_publish
from orders.tests.conftest import line
from orders.tests.refunding import completed_order
from shop.api.tests.pictures import uploaded
from shop.tests.plans import plans_taken, sequential, statistics_grow

from .reviewing import add_to, published, reviewed

TABLES = ("orders_review", "orders_orderitem", "orders_order")


@pytest.fixture
def reviews_of(tea: Product) -> Any:
    """Return what reads the tea's reviews as anybody."""

    def read(query: str = "") -> Any:
        response = APIClient().get(f"/api/products/{tea.pk}/reviews?{query}")
        assert response.status_code == 200, response.content
        return response.json()["data"]

    return read


def ids(page: Any) -> list[int]:
    return [review["id"] for review in page["list"]]


def test_a_review_is_shown_whole_and_its_writer_masked(
    shopper: User, shopper_api: APIClient, staff: User, order: Order, reviews_of: Any
) -> None:
    User.objects.filter(pk=shopper.pk).update(avatar="avatars/a.jpg", nickname="王小明")
    url = uploaded(shopper_api)
    written = published(shopper_api, order, staff, images=[url], rating=4)
    OrderItem.objects.update(specs={"等级": "特级"})
    add_to(shopper_api, written)
    # A name that nobody has checked.
    User.objects.filter(pk=shopper.pk).update(nickname="加我微信")
    [shown] = reviews_of()["list"]
    assert shown["append"] is None
    review_publish(review_id=written.pk, operator_id=staff.pk, is_append=True)
    review_answer(review_id=written.pk, operator_id=staff.pk, answer="谢谢")
    [shown] = reviews_of()["list"]
    moments = shown.pop("createdAt"), shown.pop("answeredAt")
    moments += (shown["append"].pop("createdAt"),)
    assert all(moment.endswith("+08:00") for moment in moments)
    assert shown == {
        "id": written.pk,
        "rating": 4,
        "content": "茶很香",
        "images": [url],
        "nickname": "王***明",
        "avatar": shown["avatar"],
        "specs": {"等级": "特级"},
        "answer": "谢谢",
        "append": {"content": "泡了十次还香", "images": []},
    }
    assert shown["avatar"].endswith("/media/avatars/a.jpg")
    # Another host would learn who looks, and may change what they see.
    sent = {"avatar": "https://a.example/1.gif?u=1"}
    assert shopper_api.patch("/api/auth/user", sent, format="json").status_code == 200
    [shown] = reviews_of()["list"]
    assert (shown["nickname"], shown["avatar"]) == ("王***明", "")
    Review.objects.update(is_anonymous=True)
    [shown] = reviews_of()["list"]
    assert (shown["nickname"], shown["avatar"]) == ("匿名用户", "")


@pytest.mark.parametrize(
    ("nickname", "shown"),
    [("王小明", "王***明"), ("小明", "小***"), ("", "匿名用户")],
)
def test_a_nickname_is_masked_whatever_its_length(nickname: str, shown: str) -> None:
    assert nickname_masked(nickname) == shown


@pytest.mark.parametrize(
    ("count", "stars", "average"),
    [(0, 0, None), (1, 5, 5.0), (3, 14, 4.7), (4, 17, 4.3), (20, 89, 4.5)],
)
def test_an_average_has_one_place(count: int, stars: int, average: Any) -> None:
    assert rating_average(count, stars) == average


def test_lists_are_narrowed_and_summed_up(
    shopper_api: APIClient, staff: User, tea: Product, reviews_of: Any
) -> None:
    url = uploaded(shopper_api)
    kinds = [(5, []), (5, [url]), (4, []), (1, [url])]
    written = [
        published(
            *(shopper_api, completed_order(shopper_api, line(tea)), staff),
            rating=rating,
            images=images,
        ).pk
        for rating, images in kinds
    ]
    # Nobody sees what is unchecked, or of a lower rank than its product.
    reviewed(shopper_api, completed_order(shopper_api, line(tea)))
    page = reviews_of()
    assert ids(page) == written[::-1]
    assert page["pagination"] == {"total": 4, "page": 1, "size": 10, "totalPages": 1}
    assert page["summary"] == {
        "count": 4,
        "average": 3.8,
        "withImages": 2,
        "ratings": [
            {"rating": rating, "count": count}
            for rating, count in ((5, 2), (4, 1), (3, 0), (2, 0), (1, 1))
        ],
    }
    for query, found in (
        ("rating=5", [1, 0]),
        ("rating=&hasImages=", [3, 2, 1, 0]),
        ("hasImages=false", [3, 2, 1, 0]),
        ("hasImages=true", [3, 1]),
        ("rating=5&hasImages=true", [1]),
        ("rating=3", []),
        ("size=2&page=2", [1, 0]),
        ("page=9", []),
    ):
        narrowed = reviews_of(query)
        assert ids(narrowed) == [written[number] for number in found], query
        assert narrowed["summary"] == page["summary"]
    assert reviews_of("rating=5")["pagination"]["total"] == 2
    assert reviews_of("page=1000000000")["pagination"]["total"] == 4


@pytest.mark.parametrize("query", ["rating=0", "rating=6", "rating=x", "hasImages=1"])
def test_an_odd_question_is_400(api: APIClient, tea: Product, query: str) -> None:
    response = api.get(f"/api/products/{tea.pk}/reviews?{query}")
    assert response.status_code == 400
    assert response.json()["data"]["error"] == "invalid"


def test_only_products_on_sale_have_any(api: APIClient, tea: Product) -> None:
    assert api.get(f"/api/products/{tea.pk}/reviews").status_code == 200
    Product.objects.update(status="off_sale")
    for pk in (tea.pk, 10**18, 10**19 - 1):
        response = api.get(f"/api/products/{pk}/reviews")
        assert response.status_code == 404
        assert response.json()["message"] == "商品不存在"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("queue")
def test_what_becomes_of_a_review_is_seen_by_the_next_one(
    shopper_api: APIClient,
    staff: User,
    order: Order,
    tea: Product,
    reviews_of: Any,
    django_assert_num_queries: Any,
) -> None:
    written = published(shopper_api, order, staff, rating=4)
    told = {"review_id": written.pk, "operator_id": staff.pk}

    def rating() -> Any:
        return APIClient().get(f"/api/products/{tea.pk}").json()["data"]["rating"]

    def seen() -> tuple[Any, Any]:
        # The second asks for it to be kept, the third takes it.
        for _ in range(2):
            reviews_of("size=5&utm=1")
            rating()
        with django_assert_num_queries(0):
            return reviews_of("size=5"), rating()

    page, rated = seen()
    assert (ids(page), rated) == ([written.pk], {"count": 1, "average": 4.0})
    review_answer(**told, answer="谢谢")
    assert seen()[0]["list"][0]["answer"] == "谢谢"
    review_hide(**told, reason="广告")
    page, rated = seen()
    assert (ids(page), rated) == ([], {"count": 0, "average": None})
    review_publish(**told)
    assert ids(seen()[0]) == [written.pk]
    account_delete(user_id=order.user_id)
    assert seen()[0]["list"][0]["nickname"] == "匿名用户"


@pytest.fixture
def many(tea: Product) -> list[int]:
    """Three public reviews more than are skipped without a mark, oldest first."""
    shopper, sku, now = make_shopper("many"), tea.skus.get(), timezone.now()
    amount = tea.price
    orders = Order.objects.bulk_create(
        Order(
            order_no=f"R{number}",
            user=shopper,
            status="completed",
            goods_amount=amount,
            total_amount=amount,
            expires_at=now,
            due_at=now,
            created_at=now,
        )
        for number in range(SKIPPED_MAX + 3)
    )
    items = OrderItem.objects.bulk_create(
        OrderItem(
            order=order, sku=sku, product=tea, name="茶", price=amount, quantity=1
        )
        for order in orders
    )
    reviews = Review.objects.bulk_create(
        Review(order_item=item, product=tea, rating=5, content="好", state="public")
        for item in items
    )
    kind = {"product": tea, "rating": 5, "has_images": False}
    count = len(reviews)
    ReviewTally.objects.create(**kind, count=count, changes=count)
    Product.objects.update(rating_count=count, rating_sum=5 * count)
    return [review.pk for review in reviews]


def test_a_deep_page_begins_at_the_mark_of_an_earlier_one(
    many: list[int], staff: User, reviews_of: Any, django_assert_num_queries: Any
) -> None:
    newest = many[::-1]
    # What all of them say, and the page.
    with django_assert_num_queries(2):
        page = reviews_of("page=51&size=2")
    assert ids(page) == newest[100:102]
    assert cache.keys("products:mark*") == []  # type: ignore[attr-defined]
    with django_assert_num_queries(2):
        assert ids(reviews_of("page=52&size=2")) == newest[102:]
    [mark] = cache.keys("products:mark*")  # type: ignore[attr-defined]
    assert cache.get(mark)[::2] == (102, newest[102])
    assert ids(reviews_of("page=103&size=1")) == newest[102:103]
    # What goes gives the list another name: its marks are nobody's.
    review_hide(review_id=newest[0], operator_id=staff.pk, reason="广告")
    assert ids(reviews_of("page=102&size=1")) == newest[102:]
    assert reviews_of()["pagination"]["total"] == len(many) - 1


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "review_product"),
        ("page=11", "review_product"),
        ("rating=5", "review_rating"),
        ("hasImages=true", "review_images"),
        ("rating=5&hasImages=true", "review_images"),
    ],
)
def test_each_page_is_a_walk_over_an_index_of_its_own(
    many: list[int], reviews_of: Any, query: str, index: str
) -> None:
    Review.objects.filter(pk__in=many[::2]).update(images=["uploads/a.jpg"])
    ReviewTally.objects.update(has_images=True)
    statistics_grow(TABLES, times=10_000)
    with plans_taken() as plans:
        assert len(reviews_of(query)["list"]) >= 3
    assert sequential(plans, TABLES) == []
    [walk] = [plan for plan in plans if "Limit" in plan]
    assert f"using {index} on orders_review " in walk
