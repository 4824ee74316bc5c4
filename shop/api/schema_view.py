"""GET /api/schema."""

from threading import Lock
from typing import Any

from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response

# The generator fills what it keeps as it goes; two first requests at once would meet
# half of it.
_generating = Lock()


class SchemaView(SpectacularAPIView):
    """The OpenAPI 3 description of this API, outside of the envelope."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Generate the schema, one at a time."""
        with _generating:
            response: Response = super().get(  # type: ignore[no-untyped-call]
                request, *args, **kwargs
            )
        return response
