"""A scene for two, and what must hold after each."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from catalog.models import Product
from orders.tests.conftest import deadlocks
from orders.tests.long.interleavings.scene import Race, Scene
from shop.devstack.simulator.process import SimulatorProcess


@pytest.fixture
def scene(
    wechat_api: APIClient,
    simulator: SimulatorProcess,
    shop_server: Any,
    staff: User,
    tea: Product,
) -> Iterator[Scene]:
    yield Scene(simulator, wechat_api, staff)
    simulator.hold_refunds(hold=False)


@pytest.fixture(autouse=True)
def _no_deadlock(transactional_db: None) -> Iterator[None]:
    before = deadlocks()
    yield
    assert deadlocks() == before


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.fixture
def race(scene: Scene, pool: ThreadPoolExecutor) -> Race:
    return Race(scene, pool)
