"""`make backup` while people order, the shop lost, `make restore` elsewhere."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.tests.long.buyer import Buyer
from deploy.tests.long.recoveries import recovery_record
from shop.devstack.tests.mini_program import Phone
from shop.devstack.tests.path import ADDRESS
from shop.devstack.tests.stack_process import StackProcess
from shop.devstack.tests.test_makefile import make

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(600)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shop"


@pytest.fixture
def stacks(folder: Path) -> Iterator[list[StackProcess]]:
    """Every stack that runs; the first one is ready."""
    running = [StackProcess(folder).start().wait_ready()]
    yield running
    for stack in running:
        stack.discard()


def ordering(stack: StackProcess) -> Callable[[], str]:
    """Return what places an order of a shopper who has logged in."""
    phone = Phone(stack)
    phone.login("orderer")
    product = phone.get("/api/products", keyword="明前龙井")["list"][0]["id"]
    [sku] = phone.get(f"/api/products/{product}")["skus"]
    wish = {"productId": product, "skuId": sku["id"], "quantity": 1}

    def place() -> str:
        order = phone.post("/api/orders", 201, items=[wish], address=ADDRESS)
        return str(order["orderNo"])

    return place


def backed_up(folder: Path, buyer: Buyer) -> tuple[list[str], Path]:
    """Make a backup while somebody orders; return what was acknowledged before."""
    buyer.start()
    try:
        buyer.more(3)
        before = list(buyer.acknowledged)
        done = make("backup", SHOP_DATA=str(folder))
        assert done.returncode == 0, done.stderr
        buyer.more(1)
    finally:
        buyer.stop()
    [backup] = (folder / "backups").iterdir()
    assert done.stdout == f"backup: {backup}\n"
    return before, backup


def test_shop_is_lost_and_restored(folder: Path, stacks: list[StackProcess]) -> None:
    buyer = Buyer(ordering(stacks[0]), pause_seconds=0.1)
    before, backup = backed_up(folder, buyer)

    # Not beside the running one, nor over it when it has stopped.
    done = make("restore", SHOP_DATA=str(folder))
    told = f"error: another copy is running with SHOP_DATA {folder}"
    assert done.stderr.splitlines()[0] == told
    stacks[0].stop()
    done = make("restore", SHOP_DATA=str(folder))
    assert done.returncode != 0
    assert "holds a shop: restore into another folder, or say OVER=yes" in done.stderr

    # The machine is gone; what was kept elsewhere are the backup and the keys.
    elsewhere = folder.with_name("elsewhere")
    elsewhere.mkdir()
    done = make("restore", SHOP_DATA=str(elsewhere), BACKUP=str(backup))
    assert f"{elsewhere}/secrets.json is missing" in done.stderr
    for name in ("secrets.json", "wechat.json", "simulator.sqlite3"):
        shutil.copy(folder / name, elsewhere)
    shutil.rmtree(folder / "postgres")
    shutil.rmtree(folder / "media")
    begun = time.monotonic()
    done = make("restore", SHOP_DATA=str(elsewhere), BACKUP=str(backup))
    seconds = time.monotonic() - begun
    assert done.returncode == 0, done.stdout + done.stderr
    migrations, key, pictures, audit = done.stdout.splitlines()[-4:]
    assert migrations.endswith(" applied")
    assert key == "key: FIELD_ENCRYPTION_KEY is the right one"
    assert pictures.startswith("pictures: all ")
    assert audit == "audit: 0 findings"

    again = StackProcess(elsewhere).start()
    stacks.append(again)
    phone = Phone(again.wait_ready())
    phone.login("orderer")
    found = phone.get("/api/orders", size=100)["list"]
    restored = {order["orderNo"] for order in found}
    recovery_record(
        "backup",
        "make backup while people order, the shop gone; make restore elsewhere",
        promised=before,
        found=restored,
        later=set(buyer.acknowledged).difference(before),
        seconds=seconds,
    )
    assert restored.issuperset(before)
    assert restored < set(buyer.acknowledged)
