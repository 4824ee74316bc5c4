import pytest

from shop.devstack.simulator.process import SimulatorProcess
from shop.devstack.simulator.tests.merchant import Merchant, Shop


@pytest.fixture(scope="session")
def wechat_process(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wechat")
    with SimulatorProcess(folder / "wechat.json", folder / "books.sqlite3") as process:
        yield process


@pytest.fixture
def wechat(wechat_process):
    """One simulator for all these tests, each with numbers of its own."""
    yield wechat_process
    wechat_process.clear_faults()
    wechat_process.shift_clock(0)
    wechat_process.hold_refunds(hold=False)


@pytest.fixture
def own(wechat_process, tmp_path):
    """A simulator whose process, books and faults are one test's alone.

    Its keys are everybody's: making some takes longer than the start.
    """
    books = tmp_path / "books.sqlite3"
    with SimulatorProcess(wechat_process.world_path, books) as process:
        yield process


@pytest.fixture
def merchant(wechat):
    return Merchant(wechat.world, wechat.base_url)


@pytest.fixture
def shop_door():
    shop = Shop()
    yield shop
    shop.close()
