"""A JSON parser that answers 400 or 413, never 500."""

import codecs
import json
import math
from typing import Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

# Fifty order lines take about 5 kB; a product with 200 SKUs about 60 kB.
BODY_MAX_BYTES = 1024 * 1024


class StrictJSONParser(BaseParser):
    """Read JSON that PostgreSQL can hold: finite numbers, no NUL, whole characters."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        """Return the parsed body, which must be an object.

        Raises: ParseError (400), RequestDataTooBig (413).
        """
        request = (parser_context or {}).get("request")
        if request and _announced(request) > BODY_MAX_BYTES:
            # Not waited for.
            raise RequestDataTooBig
        raw = stream.read(BODY_MAX_BYTES + 1)
        if len(raw) > BODY_MAX_BYTES:
            raise RequestDataTooBig
        try:
            data = json.loads(
                raw.removeprefix(codecs.BOM_UTF8).decode(),
                parse_constant=_refuse,
                parse_float=_finite,
            )
            if b"\\u" in raw:
                _require_storable(data)
        except (ValueError, RecursionError):
            # From deep nesting ("[" × 100,000) to a digit string of 5,000 places.
            raise ParseError from None
        if not isinstance(data, dict):
            raise ParseError
        return data


def _announced(request: Any) -> int:
    length = request.META.get("CONTENT_LENGTH") or ""
    return int(length) if length.isascii() and length.isdigit() else 0


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(digits: str) -> float:
    """Read a fraction or a power; 1e400 would become infinity."""
    number = float(digits)
    if math.isinf(number):
        raise ValueError(digits)
    return number


def _require_storable(data: Any) -> None:
    """Refuse escapes that no text column can hold: NUL and lone surrogates.

    Raises: ValueError.
    """
    text = json.dumps(data, ensure_ascii=False)
    text.encode()
    # json.dumps writes NUL as an escape, with or without ensure_ascii.
    if "\\u0000" in text.replace("\\\\", ""):
        raise ValueError("NUL")
