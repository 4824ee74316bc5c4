"""The one shape of every answer: code, message, data."""

from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

SUCCESS = "成功"
JSON = "application/json; charset=utf-8"
# What JSON itself does not know is DRF's to write.
_DRFS_OWN = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS
_write = JSONRenderer.encoder_class().default
# JavaScript takes these two for the end of a line.
_ENDS = {"\u2028".encode(): rb"\u2028", "\u2029".encode(): rb"\u2029"}


def success(data: Any = None, message: str = SUCCESS, status: int = 200) -> Response:
    """Answer with data."""
    response = Response(data, status=status)
    response.shop_message = message  # type: ignore[attr-defined]
    return response


def success_written(data: Any) -> HttpResponse:
    """Answer as `success` does, in bytes already: for a view without DRF's dispatch."""
    return HttpResponse(written(data), content_type=JSON)


def written(data: Any) -> bytes:
    """Return the body of an answer with data."""
    return _written({"code": 0, "message": SUCCESS, "data": data})


def _written(body: dict[str, Any]) -> bytes:
    try:
        written = orjson.dumps(body, _write, _DRFS_OWN)
    except orjson.JSONEncodeError:
        # A number of more than 64 bits, a key that is no text.
        written = JSONRenderer().render(body)
    for end, escape in _ENDS.items():
        written = written.replace(end, escape)
    return written


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
        return _written(data)


def renderable(response: Response) -> Response:
    """Name the renderer, as DRF does at the end of its dispatch."""
    response.accepted_renderer = EnvelopeRenderer()
    response.accepted_media_type = EnvelopeRenderer.media_type
    response.renderer_context = {"response": response}  # type: ignore[attr-defined]
    return response


def rendered(response: Response) -> Response:
    """Write it out, and leave nothing that only the garbage collector would find."""
    renderable(response).render()
    # It holds the response itself.
    response.renderer_context.clear()  # type: ignore[attr-defined]
    return response
