"""GET /api/schema."""

from threading import Lock
from typing import Any

from drf_spectacular.views import SpectacularAPIView

# The generator fills what it keeps as it goes; two first requests at once would meet
# half of it.
_generating = Lock()


class SchemaView(SpectacularAPIView):
    """The OpenAPI 3 description of this API, outside of the envelope."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Generate the schema, one at a time."""
        with _generating:
            return super().dispatch(request, *args, **kwargs)
