"""What gunicorn serves: /wsgi without Django, the rest by it."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.limits.settings"
ANSWER = b'{"code": 0, "message": "OK", "data": null}'
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(ANSWER)))]
_django = get_wsgi_application()


def application(
    environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """Answer a small JSON."""
    if environ["PATH_INFO"] != "/wsgi":
        return _django(environ, start_response)
    start_response("200 OK", HEADERS)
    return [ANSWER]
