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
def own(tmp_path):
    """A simulator whose process, books and faults are one test's alone."""
    files = tmp_path / "wechat.json", tmp_path / "books.sqlite3"
    with SimulatorProcess(*files) as process:
        yield process


@pytest.fixture
def merchant(wechat):
    return Merchant(wechat.world, wechat.base_url)


@pytest.fixture
def shop_door():
    shop = Shop()
    yield shop
    shop.close()
