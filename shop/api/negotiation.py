"""One format, whatever a client accepts; OPTIONS tells no more than Allow."""

from collections.abc import Iterable
from typing import Any

from rest_framework.metadata import BaseMetadata
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class AlwaysJSON(DefaultContentNegotiation):
    """Answer in JSON rather than 406: no shopper is to fail for an Accept header.

    A route with several formats (/api/schema) negotiates as usual.
    """

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> Any:
        first, *others = renderers
        if not others:
            return first, first.media_type
        return super().select_renderer(request, renderers, format_suffix)


class NoMetadata(BaseMetadata):
    """Answer OPTIONS with the Allow header alone; the schema describes the rest."""

    def determine_metadata(self, request: Any, view: Any) -> None:
        return None
