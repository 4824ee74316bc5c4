"""The one shape of every answer: code, message, data."""

from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

SUCCESS = "成功"


def success(data: Any = None, message: str = SUCCESS, status: int = 200) -> Response:
    """Answer with data."""
    response = Response(data, status=status)
    response.shop_message = message  # type: ignore[attr-defined]
    return response


def error_body(code: int, message: str, data: Any = None) -> dict[str, Any]:
    """Return the body of a failure; `code` is the HTTP status."""
    return {"code": code, "message": message, "data": data}


class EnvelopeRenderer(JSONRenderer):
    """Wrap what a view returned; an error's body comes wrapped already."""

    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Any = None,
    ) -> bytes:
        response = (renderer_context or {}).get("response")
        if response is None or response.status_code < 400:
            message = getattr(response, "shop_message", SUCCESS)
            data = {"code": 0, "message": message, "data": data}
        body: bytes = super().render(data, accepted_media_type, renderer_context)
        return body
