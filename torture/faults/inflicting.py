"""How each fault is done to the running stack, and undone."""

import signal
import time
from collections.abc import Sequence

import requests

from shop.devstack.processes import process_signal
from torture.faults.plan import Deal, Fault
from torture.faults.targets import StackProcesses

# Slow is stopped for most of the time: four fifths.
_STOPPED_SECONDS = 0.2
_GOING_SECONDS = 0.05
# So many requests are answered with a fault of WeChat's.
_TIMES = 3
_CONTROL_SECONDS = 30


def fault_inflict(fault: Fault, stack: StackProcesses, wechat: str) -> None:
    """Do it; what was stopped or slowed goes on when this returns.

    Raises: LookupError, requests.RequestException.
    """
    match fault.deal:
        case Deal.KILL:
            process_signal(stack.main(fault.target), signal.SIGKILL)
        case Deal.STOP:
            _hold(stack.all(fault.target), fault.seconds)
        case Deal.SLOW:
            _slow(stack.all(fault.target), fault.seconds)
        case Deal.ANSWER:
            _answer(fault, wechat)


def _hold(pids: Sequence[int], seconds: float) -> None:
    _send(pids, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        _send(pids, signal.SIGCONT)


def _slow(pids: Sequence[int], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        _hold(pids, _STOPPED_SECONDS)
        time.sleep(_GOING_SECONDS)


def _send(pids: Sequence[int], number: int) -> None:
    for pid in pids:
        process_signal(pid, number)


def answers_mend(wechat: str) -> None:
    """Let WeChat answer as it should, also where nobody has met its fault yet.

    Raises: requests.RequestException.
    """
    url = f"{wechat}/_sim/faults"
    requests.delete(url, timeout=_CONTROL_SECONDS).raise_for_status()


def _answer(fault: Fault, wechat: str) -> None:
    wish = {
        "route": fault.route,
        "kind": fault.trouble,
        "times": _TIMES,
        "seconds": fault.seconds,
    }
    url = f"{wechat}/_sim/faults"
    requests.post(url, json=wish, timeout=_CONTROL_SECONDS).raise_for_status()
