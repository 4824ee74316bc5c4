"""Orders that are placed together: each has its own end, whatever the others'."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from accounts.models import User
from catalog.models import Product, Sku
from conftest import PATIENCE_SECONDS, alone, lock_waiters, wait_until
from orders.errors import InsufficientStock, RequestInProgress
from orders.models import Order, OrderItem
from orders.services import placing
from orders.services.combining import Combiner
from orders.services.drafts import (
    Draft,
    draft_make,
    drafts_place,
    order_of,
)
from orders.services.placing import Destination, OrderRequest, order_place
from orders.services.quoting import Wish
from orders.tests.conftest import ADDRESS, deadlocks, stock_of, written
from shop.errors import ShopError

pytestmark = pytest.mark.usefixtures("audited")
STOCK, BUYERS = 50, 200


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
def place(shopper: User) -> Callable[..., Any]:
    """Return a way to place an order from a thread of its own."""

    @alone
    def place(*products: Product, key: str | None = None, quantity: int = 1) -> Any:
        order, _ = order_place(
            user_id=shopper.pk,
            request=request_of(*products, quantity=quantity),
            idempotency_key=key,
        )
        return order

    return place


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as made:
        yield made


# --- One call of several -------------------------------------------------------------


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


# --- What was tried before, nobody knows with what result ----------------------------


def test_order_that_was_placed_unnoticed_is_found_by_its_number(
    shopper: User, cup: Product
) -> None:
    draft = draft_of(shopper, cup, quantity=5)
    drafts_place([draft])
    before = written()
    assert ends([draft], is_again=True) == [draft.order_no]
    assert written() == before


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


# --- Threads -------------------------------------------------------------------------


def test_200_buyers_in_16_threads_buy_exactly_the_stock_of_50(
    transactional_db: None,
    patient_database: None,
    pool: ThreadPoolExecutor,
    product_make: Callable[..., Product],
    place: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Half of them want the two products in the reversed order."""
    products = product_make("甲", stock=STOCK), product_make("乙", stock=STOCK)
    deadlocks_before = deadlocks()

    def buy(number: int) -> str:
        try:
            place(*products[:: 1 if number % 2 else -1])
        except ShopError as error:
            return error.code
        return "placed"

    told = Counter(pool.map(buy, range(BUYERS)))
    assert told == {"placed": STOCK, "insufficient_stock": BUYERS - STOCK}
    assert [stock_of(product) for product in products] == [0, 0]
    assert OrderItem.objects.count() == 2 * STOCK
    assert deadlocks() == deadlocks_before
    assert "DeadlockDetected" not in caplog.text


def test_who_waits_for_an_editor_does_not_keep_the_others(
    transactional_db: None,
    patient_database: None,
    pool: ThreadPoolExecutor,
    tea: Product,
    cup: Product,
    place: Callable[..., Any],
) -> None:
    with transaction.atomic():
        list(Sku.objects.select_for_update().filter(product=tea))
        slow = [pool.submit(place, tea) for _ in range(2)]
        wait_until(lock_waiters)
        # In the line behind the first, and in one call with the second.
        quick = [pool.submit(place, cup) for _ in range(3)]
        assert len({future.result().order_no for future in quick}) == 3
        assert not any(future.done() for future in slow)
    assert len({future.result().order_no for future in slow}) == 2
    assert (stock_of(tea), stock_of(cup)) == (8, 2)


@pytest.fixture
def patient_calls(monkeypatch: Any, patient_database: None) -> Combiner[Draft, str]:
    """Let calls wait for locks as long as a test needs."""
    combiner = Combiner(
        placing._place_together, questions_max=16, patience_seconds=PATIENCE_SECONDS
    )
    monkeypatch.setattr(placing, "_combiner", combiner)
    monkeypatch.setattr(placing, "_LOCK_PATIENCE", f"{PATIENCE_SECONDS}s")
    return combiner


def test_call_whose_connection_is_killed_spoils_nobody(
    transactional_db: None,
    patient_calls: Combiner[Draft, str],
    pool: ThreadPoolExecutor,
    tea: Product,
    cup: Product,
    place: Callable[..., Any],
) -> None:
    def waiting(combiner: Combiner[Draft, str], length: int) -> Future[Any]:
        future = pool.submit(place, tea, cup, key=f"k{length}")
        wait_until(lambda: len(combiner._line) == length)
        return future

    with transaction.atomic():
        list(Sku.objects.select_for_update().filter(product=cup))
        first = pool.submit(place, tea, cup)
        wait_until(lock_waiters)
        others = [waiting(patient_calls, length) for length in (1, 2, 3)]
        _kill_the_waiting()
        # The first alone and the three together wait now.
        wait_until(lambda: lock_waiters() == 2)
        _kill_the_waiting()
        with pytest.raises(OperationalError):
            first.result()
        wait_until(lambda: lock_waiters() == 3)
    assert len({future.result().order_no for future in others}) == 3
    assert (Order.objects.count(), stock_of(tea), stock_of(cup)) == (3, 7, 2)


def _kill_the_waiting() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )


def test_twin_is_told_at_once_while_the_first_waits(
    transactional_db: None,
    patient_database: None,
    pool: ThreadPoolExecutor,
    tea: Product,
    place: Callable[..., Any],
) -> None:
    with transaction.atomic():
        list(Sku.objects.select_for_update())
        first = pool.submit(place, tea, key="k")
        wait_until(lock_waiters)
        with pytest.raises(RequestInProgress):
            pool.submit(place, tea, key="k").result()
    order = first.result()
    assert pool.submit(place, tea, key="k").result() == order
    assert stock_of(tea) == 9


def test_in_a_transaction_of_the_caller_it_is_an_error(
    transactional_db: None, shopper: User, tea: Product
) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        order_place(user_id=shopper.pk, request=request_of(tea))
    assert Order.objects.count() == 0
