"""The OpenAPI schema says what the renderer and the handler do."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import get_lib_doc_excludes

from shop.api import serializers

_ERROR_STATUSES = {
    "400": "invalid input",
    "401": "no valid token",
    "403": "not allowed",
    "404": "not found",
    "405": "method not allowed",
    "409": "conflict with the present state",
    "413": "too large",
    "415": "unsupported media type",
    "422": "idempotency key used for another request",
    "429": "too many requests",
    "500": "fault of the server",
    "502": "unexpected answer from WeChat",
    "503": "busy, or a part is away",
}


class EnvelopeAutoSchema(AutoSchema):
    """Wrap each response in the envelope and add the errors every route can answer."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        for status, response in operation["responses"].items():
            _wrap(status, response)
        for status, text in _ERROR_STATUSES.items():
            operation["responses"].setdefault(status, _error(text))
        return operation

    def get_request_serializer(self) -> Any:
        """Return what a request holds; a DELETE nothing, unless its view says so."""
        return None if self.method == "DELETE" else super().get_request_serializer()

    def _get_request_body(self, direction: Any = "request") -> Any:
        """Describe the body of a DELETE too, where drf-spectacular has none."""
        if self.method != "DELETE" or self.get_request_serializer() is None:
            return self._request_body(direction)
        self.method = "POST"
        try:
            return self._request_body(direction)
        finally:
            self.method = "DELETE"

    def _request_body(self, direction: Any) -> Any:
        return super()._get_request_body(direction)  # type: ignore[no-untyped-call]


def _wrap(status: str, response: dict[str, Any]) -> None:
    content = response.setdefault("content", {}).setdefault("application/json", {})
    data = content.get("schema", {"nullable": True, "enum": [None]})
    if status.startswith("2"):
        content["schema"] = _envelope(data, code={"type": "integer", "enum": [0]})


def _error(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _envelope(data: dict[str, Any], code: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["code", "message", "data"],
        "additionalProperties": False,
        "properties": {"code": code, "message": {"type": "string"}, "data": data},
    }


def doc_excludes() -> list[Any]:
    """Name the bases whose docstrings say nothing of what inherits them."""
    return [
        *get_lib_doc_excludes(),  # type: ignore[no-untyped-call]
        serializers.ChineseMessages,
        serializers.ShopSerializer,
        serializers.ShopModelSerializer,
    ]


def error_component(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add the schema of an error; a postprocessing hook of drf-spectacular."""
    facts = {
        "type": "object",
        "nullable": True,
        "required": ["error"],
        "properties": {"error": {"type": "string"}},
        "additionalProperties": True,
    }
    code = {"type": "integer", "minimum": 400, "maximum": 599}
    result["components"]["schemas"]["Error"] = _envelope(facts, code)
    return result
