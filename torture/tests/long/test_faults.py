"""Twenty kills and more, and no promise broken: the whole stack under load."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from shop.devstack.terminal import say
from shop.devstack.tests.stack_process import StackProcess
from shop.tests.test_start import start
from shop.tests.web_process import WIDE_LIMITS
from torture.faults.journal import Deed
from torture.faults.place import Place
from torture.faults.plan import Deal, plan_draw
from torture.faults.run import FaultRun
from torture.faults.table import run_rows
from torture.findings import findings_record

# The promise is that of production; the machine of a test may be busy.
RECOVERY_SECONDS = 30


@pytest.fixture
def seed() -> str:
    """What faults and shoppers are drawn from; TORTURE_SEED repeats a run."""
    drawn = os.environ.get("TORTURE_SEED") or secrets.token_hex(4)
    say(f"TORTURE_SEED={drawn}")
    return drawn


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A stack of its own, as `make run` starts it and systemd would keep it up."""
    stack = StackProcess(tmp_path / "data", SHOP_RESTART="1", **WIDE_LIMITS).start()
    try:
        stack.wait_ready()
        yield Place(stack.process.pid, stack.port, stack.simulator_port, stack.folder)
    finally:
        stack.discard()


def audit(place: Place) -> str:
    command = ("-m", "shop.devstack", "manage", "orders_audit")
    done = start(command, SHOP_DATA=str(place.folder))
    return done.stdout + done.stderr


@pytest.mark.xdist_group("stack")
@pytest.mark.timeout(900)
def test_no_promise_is_broken_whatever_is_killed(place: Place, seed: str) -> None:
    faults = plan_draw(seed)
    assert sum(fault.deal == Deal.KILL for fault in faults) > 20
    run = FaultRun(place, seed)
    findings = run.execute(faults)
    findings_record("faults", rows=run_rows(run, findings))
    assert [finding.problem for finding in findings] == []
    assert run.journal.surprises == []
    assert audit(place) == "audit: 0 findings\n"
    slowest = max(one.whole_seconds for one in run.recoveries.values())
    assert slowest < RECOVERY_SECONDS
    # All that can be promised was promised, and many times.
    promised = [promise.deed for promise in run.journal.promises]
    assert min(promised.count(deed) for deed in Deed) >= 5
