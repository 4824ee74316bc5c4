"""Bills that differ from the books, and bills before their time."""

from __future__ import annotations

from shop.devstack.simulator.bills import BillChanges, Bills
from shop.devstack.simulator.messages import Answer, Request, json_answer

from .base import ControlError, flag_read, wanted_read


class BillControl:
    """Changes what the next bills say."""

    def __init__(self, bills: Bills) -> None:
        self._bills = bills

    def change(self, request: Request) -> Answer:
        """Set how bills differ from the books; what is not given is as it should be.

        Raises:
            ControlError: 400 for changes that make no sense.
        """
        wanted = wanted_read(request)
        changes = BillChanges(
            today=flag_read(wanted, "today"),
            hide=_numbers(wanted.get("hide", [])),
            amounts=_amounts(wanted.get("amounts", {})),
            wrong_hash=flag_read(wanted, "wrongHash"),
        )
        self._bills.changes = changes
        return json_answer(
            200,
            {
                "today": changes.today,
                "hide": sorted(changes.hide),
                "amounts": changes.amounts,
                "wrongHash": changes.wrong_hash,
            },
        )


def _numbers(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ControlError(400, "hide is a list of numbers of payments and refunds")
    return frozenset(value)


def _amounts(value: object) -> dict[str, int]:
    if not isinstance(value, dict) or not all(
        type(fen) is int and fen >= 0 for fen in value.values()
    ):
        raise ControlError(400, "amounts is an object of numbers and their fen")
    return value
