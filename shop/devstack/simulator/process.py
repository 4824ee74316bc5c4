"""The simulator as a subprocess, for tests and for the development stack."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from .world import World, world_ensure

ROOT = Path(__file__).resolve().parents[3]
TIMEOUT_SECONDS = 30
STOP_SECONDS = 10


class SimulatorProcess:
    """A running simulator; as a context manager it starts and stops one.

    The control methods raise requests.HTTPError when the simulator refuses.
    """

    def __init__(
        self,
        world_path: str | os.PathLike[str],
        books_path: str | os.PathLike[str],
        port: int = 0,
    ) -> None:
        """Say where world and books are kept; port 0 takes a free one."""
        self.world_path = Path(world_path)
        self.books_path = Path(books_path)
        self.port = port
        self.base_url = ""
        self._process: subprocess.Popen[str] | None = None
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy stands before loopback

    @cached_property
    def world(self) -> World:
        """Return the world, made when there is none yet."""
        return world_ensure(self.world_path)

    @property
    def pid(self) -> int:
        """Return the running process's id."""
        if self._process is None:
            raise RuntimeError("the simulator does not run")
        return self._process.pid

    def start(self) -> Self:
        """Start and wait until it listens; again after `kill`, on the same port.

        Raises:
            RuntimeError: it did not start; its own line is on standard error.
        """
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            self._command(),
            env={**os.environ, "PYTHONPATH": _python_path()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line.startswith("simulator: http://"):
            self._end(signal.SIGKILL)
            raise RuntimeError("the simulator did not start")
        self.base_url = line.removeprefix("simulator: ").strip()
        self.port = int(self.base_url.rpartition(":")[2])
        return self

    def _command(self) -> list[str]:
        return [
            sys.executable,
            "-m",
            "shop.devstack.simulator",
            f"--port={self.port}",
            f"--world={self.world_path}",
            f"--books={self.books_path}",
            "--until-stdin-closes",
        ]

    def stop(self) -> int:
        """Stop it as an operator would and return its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it as a power cut would (SIGKILL)."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._session.close()

    def call(self, method: str, path: str, body: object = None) -> requests.Response:
        """Send a control request and return the answer, whatever its status."""
        return self._session.request(
            method, self.base_url + path, json=body, timeout=TIMEOUT_SECONDS
        )

    def _called(self, method: str, path: str, body: object = None) -> Any:
        answer = self.call(method, path, body)
        answer.raise_for_status()
        return answer.json()

    def pay(
        self,
        out_trade_no: str | None = None,
        *,
        prepay_id: str | None = None,
        force: bool = False,
    ) -> str:
        """Pay as the shopper and return the transaction_id.

        With `force` the money comes though the payment is closed or expired.
        """
        wanted = (
            {"outTradeNo": out_trade_no} if out_trade_no else {"prepayId": prepay_id}
        )
        paid = self._called("POST", "/_sim/pay", {**wanted, "force": force})
        return str(paid["transactionId"])

    def notify(self, out_trade_no: str) -> int | None:
        """Send the last notification again; return the shop's status, if any came."""
        return self._told("/_sim/notify", {"outTradeNo": out_trade_no})

    def notify_refund(self, out_refund_no: str) -> int | None:
        """Send a refund's last notification again; return the shop's status, if any."""
        return self._told("/_sim/notify", {"outRefundNo": out_refund_no})

    def drop_notifications(self) -> None:
        """Tell nothing more of what has been; refunds under way stay as they are."""
        self._called("DELETE", "/_sim/notifications")

    def refund_decide(self, out_refund_no: str, status: str) -> int | None:
        """End a refund as SUCCESS, CLOSED or ABNORMAL and notify the shop at once.

        Return the shop's status, if any came.
        """
        wanted = {"outRefundNo": out_refund_no, "status": status}
        return self._told("/_sim/refund", wanted)

    def _told(self, path: str, wanted: dict[str, str]) -> int | None:
        status: int | None = self._called("POST", path, wanted)["status"]
        return status

    def hold_refunds(self, *, hold: bool = True) -> None:
        """Keep refunds in PROCESSING until decided, or let them go on."""
        self._called("POST", "/_sim/refunds/hold", {"hold": hold})

    def refuse_refunds(
        self, code: str = "NOT_ENOUGH", status: int = 403, times: int = 1
    ) -> None:
        """Refuse the next refunds that would be accepted."""
        wanted = {"code": code, "status": status, "times": times}
        self._called("POST", "/_sim/refunds/refuse", wanted)

    def change_bills(
        self,
        *,
        today: bool = False,
        hide: Sequence[str] = (),
        amounts: Mapping[str, int] | None = None,
        wrong_hash: bool = False,
    ) -> None:
        """Let bills differ from the books; without arguments they no longer do.

        `today` offers the bill of an unfinished day; `hide` and `amounts` (fen) go by
        out_trade_no and out_refund_no.
        """
        wanted = {
            "today": today,
            "hide": list(hide),
            "amounts": dict(amounts or {}),
            "wrongHash": wrong_hash,
        }
        self._called("POST", "/_sim/bills", wanted)

    def accept_messages(self, openid: str, *, accepts: bool) -> None:
        """Let a shopper take subscribe messages, or refuse them."""
        wanted = {"openid": openid, "accepts": accepts}
        self._called("POST", "/_sim/subscribe", wanted)

    def expire_tokens(self, errcode: int = 40001) -> None:
        """End all access tokens: they are refused with 40001, 40014 or 42001."""
        self._called("POST", "/_sim/tokens/expire", {"errcode": errcode})

    def state(self) -> dict[str, Any]:
        """Return payments, refunds and the rest of the books."""
        state: dict[str, Any] = self._called("GET", "/_sim/state")
        return state

    def payment(self, out_trade_no: str) -> dict[str, Any]:
        """Return one payment of the state.

        Raises:
            KeyError: there is none of this number.
        """
        known = {one["outTradeNo"]: one for one in self.state()["payments"]}
        payment: dict[str, Any] = known[out_trade_no]
        return payment

    def refund(self, out_refund_no: str) -> dict[str, Any]:
        """Return one refund of the state.

        Raises:
            KeyError: there is none of this number.
        """
        known = {one["outRefundNo"]: one for one in self.state()["refunds"]}
        refund: dict[str, Any] = known[out_refund_no]
        return refund

    def fault(
        self, route: str, kind: str, times: int = 1, seconds: float | None = None
    ) -> None:
        """Order a fault for the next `times` requests on a route."""
        wanted: dict[str, object] = {"route": route, "kind": kind, "times": times}
        if seconds is not None:
            wanted["seconds"] = seconds
        self._called("POST", "/_sim/faults", wanted)

    def clear_faults(self) -> None:
        """Drop all faults still to come."""
        self._called("DELETE", "/_sim/faults")

    def shift_clock(self, offset_seconds: float) -> None:
        """Let the simulator's clock run ahead (or behind); 0 sets it right."""
        self._called("POST", "/_sim/clock", {"offsetSeconds": offset_seconds})


def _python_path() -> str:
    return os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
