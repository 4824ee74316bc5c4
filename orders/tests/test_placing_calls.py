"""What one call of several orders answers to each of them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from catalog.models import Product, Sku
from conftest import alone, lock_waiters, wait_until
from orders.errors import InsufficientStock
from orders.models import Order
from orders.services.drafts import (
    Draft,
    draft_make,
    drafts_place,
    order_of,
)
from orders.services.order_requests import Wish
from orders.services.placing import Destination, OrderRequest
from orders.tests.conftest import ADDRESS, stock_of, written
from shop.errors import ShopError

pytestmark = pytest.mark.usefixtures("audited")


def request_of(*products: Product, quantity: int = 1) -> OrderRequest:
    wishes = [Wish(product.pk, None, quantity) for product in products]
    return OrderRequest(wishes, Destination(**ADDRESS))


def draft_of(
    user: User, *products: Product, quantity: int = 1, key: str | None = None
) -> Draft:
    return draft_make(user.pk, request_of(*products, quantity=quantity), key)


def ends(drafts: list[Draft], **options: Any) -> list[str]:
    """Place drafts in one call; return each one's number, or the slug of its error."""
    told = []
    for draft, answer in zip(drafts, drafts_place(drafts, **options), strict=True):
        try:
            told.append(order_of(draft, answer).order_no)
        except ShopError as error:
            told.append(error.code)
    return told


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as made:
        yield made


def test_one_that_is_refused_does_not_disturb_the_others(
    shopper: User, other_shopper: User, tea: Product, cup: Product
) -> None:
    drafts = [
        draft_of(shopper, tea, quantity=6),
        draft_of(other_shopper, cup, tea, quantity=5),
        draft_of(shopper, cup, quantity=5),
        draft_of(other_shopper, tea, quantity=4),
        draft_of(shopper, tea),
    ]
    assert ends(drafts) == [
        drafts[0].order_no,
        # Four pieces are left by the first; and this one takes no cup either.
        "insufficient_stock",
        drafts[2].order_no,
        drafts[3].order_no,
        "insufficient_stock",
    ]
    assert (stock_of(tea), stock_of(cup)) == (0, 0)
    assert list(Order.objects.order_by("pk").values_list("order_no", flat=True)) == [
        drafts[place].order_no for place in (0, 2, 3)
    ]


def test_short_line_tells_what_those_before_have_left(
    shopper: User, tea: Product
) -> None:
    drafts = [draft_of(shopper, tea, quantity=7), draft_of(shopper, tea, quantity=4)]
    _, answer = drafts_place(drafts)
    with pytest.raises(InsufficientStock) as refused:
        order_of(drafts[1], answer)
    assert refused.value.facts["items"] == [
        {
            "skuId": Sku.objects.get().pk,
            "name": "龙井茶",
            "requested": 4,
            "available": 3,
        }
    ]


def test_of_twins_in_one_call_the_first_is_placed(
    shopper: User, other_shopper: User, tea: Product
) -> None:
    drafts = [
        draft_of(shopper, tea, key="k"),
        draft_of(shopper, tea, key="k"),
        draft_of(other_shopper, tea, key="k"),
    ]
    assert ends(drafts) == [
        drafts[0].order_no,
        "request_in_progress",
        drafts[2].order_no,
    ]
    assert ends(drafts[1:2]) == [drafts[0].order_no]
    assert stock_of(tea) == 8


def test_skus_are_locked_in_primary_key_order(
    transactional_db: None,
    patient_database: None,
    pool: ThreadPoolExecutor,
    product_make: Callable[..., Product],
    shopper: User,
    other_shopper: User,
) -> None:
    """Whoever waits for the first of them holds none of the others."""
    products = [product_make(str(number)) for number in range(6)]
    drafts = [
        draft_of(shopper, *products[:2:-1]),
        draft_of(other_shopper, *products[2::-1]),
    ]
    with transaction.atomic():
        list(Sku.objects.select_for_update().filter(product=products[0]))
        placed = pool.submit(alone(lambda: ends(drafts)))
        wait_until(lambda: lock_waiters() or placed.done())
        free = Sku.objects.select_for_update(skip_locked=True).order_by("pk")
        assert [sku.product for sku in free] == products
    assert placed.result() == [draft.order_no for draft in drafts]


# --- What was tried before, nobody knows with what result ----------------------------


def test_order_that_was_placed_unnoticed_is_found_by_its_number(
    shopper: User, cup: Product
) -> None:
    draft = draft_of(shopper, cup, quantity=5)
    drafts_place([draft])
    before = written()
    assert ends([draft], is_again=True) == [draft.order_no]
    assert written() == before


@pytest.mark.parametrize("is_foreign", [True, False])
def test_another_order_of_the_same_number_is_not_taken_for_it(
    shopper: User, other_shopper: User, cup: Product, is_foreign: bool
) -> None:
    draft = draft_of(shopper, cup)
    drafts_place([draft])
    other = (
        replace(draft, user_id=other_shopper.pk)
        if is_foreign
        else replace(draft, now=draft.now + timedelta(seconds=1))
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        ends([other], is_again=True)
    assert stock_of(cup) == 4


@pytest.mark.parametrize("is_committed", [True, False])
def test_order_that_is_still_being_placed_unnoticed_is_waited_for(
    transactional_db: None,
    patient_database: None,
    pool: ThreadPoolExecutor,
    shopper: User,
    cup: Product,
    is_committed: bool,
) -> None:
    draft = draft_of(shopper, cup, quantity=5)
    with transaction.atomic():
        drafts_place([draft])
        again = pool.submit(alone(lambda: ends([draft], is_again=True)))
        wait_until(lambda: lock_waiters() or again.done())
        assert not again.done()
        transaction.set_rollback(not is_committed)
    assert again.result() == [draft.order_no]
    assert (Order.objects.count(), stock_of(cup)) == (1, 0)
