"""Orders that are placed together: each has its own end, whatever the others'."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from accounts.models import User
from catalog.models import Product, Sku
from conftest import PATIENCE_SECONDS, alone, lock_waiters, wait_until
from orders.errors import RequestInProgress
from orders.models import Order, OrderItem
from orders.services import held_wishes, placing
from orders.services.combining import Combiner
from orders.services.drafts import Draft, draft_make, drafts_place
from orders.services.placing import order_place
from orders.tests.conftest import deadlocks, stock_of
from orders.tests.processes import several_processes
from orders.tests.test_combining import Impatient
from orders.tests.test_placing_calls import request_of
from shop.errors import ShopError

pytestmark = pytest.mark.usefixtures("audited")
STOCK, BUYERS = 50, 200


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


@pytest.mark.parametrize("processes", [1, 8])
def test_200_buyers_in_16_threads_buy_exactly_the_stock_of_50(
    transactional_db: None,
    patient_database: None,
    pool: ThreadPoolExecutor,
    product_make: Callable[..., Product],
    place: Callable[..., Any],
    monkeypatch: Any,
    caplog: pytest.LogCaptureFixture,
    processes: int,
) -> None:
    """Half of them want the two products in the reversed order."""
    if processes > 1:
        several_processes(monkeypatch)
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


def test_what_a_call_has_found_locked_is_not_put_before_others_again(
    transactional_db: None,
    patient_database: None,
    pool: ThreadPoolExecutor,
    monkeypatch: Any,
    caplog: pytest.LogCaptureFixture,
    shopper: User,
    tea: Product,
    cup: Product,
    place: Callable[..., Any],
) -> None:
    monkeypatch.setattr(held_wishes, "_MOMENT_SECONDS", PATIENCE_SECONDS)
    caplog.set_level("INFO", placing.__name__)
    draft = draft_make(shopper.pk, request_of(tea), None)
    with transaction.atomic():
        list(Sku.objects.select_for_update().filter(product=tea))
        first = pool.submit(place, tea)
        wait_until(lambda: held_wishes.is_held(draft))
        second = pool.submit(place, tea)
        wait_until(lambda: lock_waiters() == 2)
        pool.submit(place, cup).result()
    assert first.result() != second.result()
    told = [one.message for one in caplog.records if one.name == placing.__name__]
    assert told == ["1 orders to be placed one by one: LockNotAvailable"]
    # Whoever has had it alone tells that it is free.
    assert not held_wishes.is_held(draft)


def test_what_was_locked_is_remembered_for_a_moment(
    monkeypatch: Any, shopper: User, tea: Product, cup: Product
) -> None:
    def now(seconds: float) -> None:
        clock = SimpleNamespace(monotonic=lambda: seconds)
        monkeypatch.setattr(held_wishes, "time", clock)

    monkeypatch.setattr(held_wishes, "_until", {})
    one, other = (draft_make(shopper.pk, request_of(p), None) for p in (tea, cup))
    both = draft_make(shopper.pk, request_of(tea, cup), None)
    now(10.0)
    held_wishes.held_note([one])
    assert [held_wishes.is_held(d) for d in (one, other, both)] == [True, False, True]
    now(12.9)
    assert held_wishes.is_held(one)
    now(13.0)
    assert not held_wishes.is_held(one)
    held_wishes.held_note([other])
    assert [*held_wishes._until] == [(cup.pk, None)]


@pytest.fixture
def patient_calls(monkeypatch: Any, patient_database: None) -> Combiner[Draft, str]:
    """Let calls wait for locks as long as a test needs."""
    combiner = Impatient[Draft, str](
        placing._place_together,
        questions_max=16,
        patience_seconds=PATIENCE_SECONDS,
        call_seconds_max=PATIENCE_SECONDS,
    )
    monkeypatch.setattr(placing, "_combiner", combiner)
    monkeypatch.setattr(placing, "_LOCK_PATIENCE", f"{PATIENCE_SECONDS}s")
    return combiner


def waiting(
    pool: ThreadPoolExecutor,
    combiner: Combiner[Draft, str],
    place: Callable[..., Any],
    *products: Product,
    key: str | None = None,
) -> Future[Any]:
    """Place an order in a thread of its own, whose place in line is the last."""
    length = len(combiner._line)
    future = pool.submit(place, *products, key=key and f"{key}{length}")
    wait_until(lambda: len(combiner._line) == length + 1)
    return future


@pytest.mark.parametrize("key", ["k", None])
def test_who_is_in_a_slow_call_waits_for_its_end(
    transactional_db: None,
    patient_calls: Combiner[Draft, str],
    pool: ThreadPoolExecutor,
    tea: Product,
    cup: Product,
    place: Callable[..., Any],
    key: str | None,
) -> None:
    """Alone it would wait for the locks of its own call, or find its key taken."""
    with transaction.atomic():
        list(Sku.objects.select_for_update().filter(product=cup))
        first = pool.submit(place, cup)
        wait_until(lock_waiters)
        others = [waiting(pool, patient_calls, place, tea, cup, key=key) for _ in "123"]
        _kill_the_waiting()
        wait_until(lambda: lock_waiters() == 2)
        # A moment for who does not wait.
        assert len(wait(others, timeout=0.1).not_done) == 3
        # The first alone and the three together.
        assert lock_waiters() == 2
    assert len({future.result().order_no for future in (first, *others)}) == 4
    assert (Order.objects.count(), stock_of(tea), stock_of(cup)) == (4, 7, 1)


def test_call_whose_connection_is_killed_spoils_nobody(
    transactional_db: None,
    patient_calls: Combiner[Draft, str],
    pool: ThreadPoolExecutor,
    tea: Product,
    cup: Product,
    place: Callable[..., Any],
) -> None:
    with transaction.atomic():
        list(Sku.objects.select_for_update().filter(product=cup))
        first = pool.submit(place, tea, cup)
        wait_until(lock_waiters)
        others = [waiting(pool, patient_calls, place, tea, cup, key="k") for _ in "123"]
        _kill_the_waiting()
        # The first alone and the three together wait now.
        wait_until(lambda: lock_waiters() == 2)
        _kill_the_waiting()
        with pytest.raises(OperationalError):
            first.result()
        wait_until(lambda: lock_waiters() == 3)
    assert len({future.result().order_no for future in others}) == 3
    assert (Order.objects.count(), stock_of(tea), stock_of(cup)) == (3, 7, 2)


@pytest.mark.parametrize("key", ["k", None])
def test_answer_that_is_lost_after_the_commit_is_asked_for_again(
    transactional_db: None,
    patient_calls: Combiner[Draft, str],
    pool: ThreadPoolExecutor,
    monkeypatch: Any,
    tea: Product,
    place: Callable[..., Any],
    key: str | None,
) -> None:
    """Alone, and of three together."""
    calls: list[int] = []
    gate = threading.Event()

    def lost(drafts: Sequence[Draft], **options: Any) -> list[str]:
        answers = drafts_place(drafts, **options)
        if "patience" not in options:
            return answers
        calls.append(len(drafts))
        gate.wait(PATIENCE_SECONDS)
        connection.connection.close()
        raise OperationalError

    monkeypatch.setattr(placing, "drafts_place", lost)
    first = pool.submit(place, tea, key=key)
    wait_until(lambda: calls)
    others = [waiting(pool, patient_calls, place, tea, key=key) for _ in "123"]
    gate.set()
    placed = {future.result().order_no for future in (first, *others)}
    assert calls == [1, 3]
    assert {*Order.objects.values_list("order_no", flat=True)} == placed
    assert (len(placed), stock_of(tea)) == (4, 6)


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
