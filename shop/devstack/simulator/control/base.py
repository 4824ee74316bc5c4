"""What all control routes share: how a body comes in and how they refuse."""

from __future__ import annotations

from collections.abc import Callable

from shop.devstack.simulator.messages import Answer, Request, json_answer


class ControlError(Exception):
    """A refusal on a control route."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def control_answer(act: Callable[[], Answer]) -> Answer:
    """Return what `act` answers, a refusal as `{"error": text}`."""
    try:
        return act()
    except ControlError as error:
        return json_answer(error.status, {"error": error.text})


def wanted_read(request: Request) -> dict[str, object]:
    """Return the request's JSON object.

    Raises:
        ControlError: 400 when it is none.
    """
    try:
        return request.json_object()
    except ValueError as error:
        raise ControlError(400, "a JSON object wanted") from error


def flag_read(wanted: dict[str, object], name: str) -> bool:
    """Return a true or false; false when it is not given.

    Raises:
        ControlError: 400 for anything else.
    """
    value = wanted.get(name, False)
    if not isinstance(value, bool):
        raise ControlError(400, f"{name} is true or false")
    return value


def text_read(wanted: dict[str, object], name: str) -> str:
    """Return a text.

    Raises:
        ControlError: 400 for anything else.
    """
    value = wanted.get(name)
    if not isinstance(value, str) or not value:
        raise ControlError(400, f"{name} wanted")
    return value
