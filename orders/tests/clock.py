"""A clock that a test moves, ours and WeChat's together."""

import time
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import wechatpayv3.utils
from django.utils import timezone

from shop.devstack.simulator.process import SimulatorProcess
from shop.wechat.pay import notifications


class MovableClock:
    """Runs as the real one does, and is ahead of it by as much as the test said."""

    def __init__(self, monkeypatch: Any, simulator: SimulatorProcess) -> None:
        self._simulator = simulator
        self._ahead = timedelta(0)
        real_now = timezone.now
        shifted = SimpleNamespace(time=self._seconds)
        monkeypatch.setattr(timezone, "now", lambda: real_now() + self._ahead)
        # Who signs to WeChat and who looks how old its signature is.
        monkeypatch.setattr(wechatpayv3.utils, "time", shifted)
        monkeypatch.setattr(notifications, "time", shifted)

    def _seconds(self) -> float:
        return time.time() + self._ahead.total_seconds()

    @property
    def now(self) -> datetime:
        return timezone.now()

    def move(self, by: timedelta) -> None:
        self._ahead += by
        self._simulator.shift_clock(self._ahead.total_seconds())
