"""Under which conditions the simulator works: faults on order, and its clock."""

from __future__ import annotations

from shop.devstack.simulator.clock import Clock
from shop.devstack.simulator.faults import FaultInvalid, Faults, fault_read
from shop.devstack.simulator.messages import Answer, Request, json_answer

from .base import ControlError, wanted_read


class ConditionControl:
    """Orders faults and shifts the clock."""

    def __init__(self, clock: Clock, faults: Faults) -> None:
        self._clock = clock
        self._faults = faults

    def fault_add(self, request: Request) -> Answer:
        """Order a fault and answer it as understood.

        Raises:
            ControlError: 400 for one that makes no sense.
        """
        try:
            fault = fault_read(wanted_read(request))
        except FaultInvalid as error:
            raise ControlError(400, str(error)) from error
        self._faults.add(fault)
        return json_answer(
            200,
            {
                "route": fault.route,
                "kind": fault.kind,
                "times": fault.times,
                "seconds": fault.seconds,
            },
        )

    def faults_clear(self, _request: Request) -> Answer:
        """Drop all faults still to come."""
        self._faults.clear()
        return json_answer(200, {})

    def clock_shift(self, request: Request) -> Answer:
        """Let the simulator's clock run this many seconds ahead (or behind).

        Raises:
            ControlError: 400 when offsetSeconds is not a number.
        """
        offset = wanted_read(request).get("offsetSeconds")
        if isinstance(offset, bool) or not isinstance(offset, int | float):
            raise ControlError(400, "offsetSeconds wanted")
        self._clock.offset_seconds = float(offset)
        return json_answer(200, {"offsetSeconds": self._clock.offset_seconds})
