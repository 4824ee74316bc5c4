"""What all Pay v3 endpoints share: how a body comes in and how they refuse."""

from __future__ import annotations

from .messages import Answer, Request, json_answer


class PayError(Exception):
    """A refusal in Pay v3's form."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def answer(self) -> Answer:
        """Return the answer, not yet signed."""
        return json_answer(self.status, {"code": self.code, "message": self.message})


def posted(request: Request) -> dict[str, object]:
    """Return the request's JSON object.

    Raises:
        PayError: 400 when it is none, or not labelled as such.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise PayError(400, "PARAM_ERROR", "Http头Content-Type须为application/json")
    try:
        return request.json_object()
    except ValueError as error:
        raise PayError(400, "PARAM_ERROR", "请求体不是有效的JSON") from error
