"""What happens to a request before Django's first middleware."""

import re
from typing import Any

from django.core.handlers.wsgi import WSGIHandler

_CHARSET = re.compile(r";\s*charset=[^;]*", re.IGNORECASE)


class Utf8Handler(WSGIHandler):
    """Read every request as UTF-8, whatever charset it claims.

    Django would decode the query string with any codec that Python knows, `hex` too,
    and crash where no middleware can answer.
    """

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a request of WSGI."""
        if "CONTENT_TYPE" in environ:
            environ["CONTENT_TYPE"] = _CHARSET.sub("", environ["CONTENT_TYPE"])
        return self.answer(environ, start_response)

    def answer(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a request that claims no charset any more."""
        return super().__call__(environ, start_response)
