"""What a browser may do with an answer: its Content Security Policy and features."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

ADMIN, DOCS = "/admin/", "/api/docs"
_POLICY = "Content-Security-Policy"
# No page, and never shown as one. What nginx says by itself is the same: http.conf.
NOTHING = "default-src 'none'; frame-ancestors 'none'; sandbox"
# Scripts come as files of ours: none stands in a page, so that none can be put there.
_PAGE = (
    "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "connect-src 'self'; font-src 'self'"
)
# No page of ours asks for any of it, and no script may on its behalf.
_FEATURES = ", ".join(
    f"{feature}=()"
    for feature in ("camera", "geolocation", "microphone", "payment", "usb")
)


class PolicyMiddleware:
    """Give each answer the policy of its path; a middleware may say it for a view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._admin = _page(
            # The theme's Alpine makes functions of attributes, and writes styles.
            "script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'",
            # Descriptions and WeChat's avatars show pictures of any host.
            f"img-src 'self' data: blob: https: {_picture_hosts()}".rstrip(),
        )
        self._docs = _page("script-src 'self'; style-src 'self'; img-src 'self' data:")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.process_response(request, self.get_response(request))

    def process_response(
        self, request: HttpRequest, response: HttpResponse
    ) -> HttpResponse:
        """Add the headers of the request's path."""
        for name, value in self._headers(request.path_info).items():
            response[name] = value
        return response

    def _headers(self, path: str) -> Mapping[str, str]:
        if path.startswith(ADMIN):
            return self._admin
        return self._docs if path == DOCS else {_POLICY: NOTHING}


def _page(*sources: str) -> Mapping[str, str]:
    return {
        _POLICY: "; ".join([_PAGE, *sources]),
        "Permissions-Policy": _FEATURES,
    }


def _picture_hosts() -> str:
    """Return where uploaded pictures lie: in development not under https."""
    urls = [urlsplit(url) for url in (settings.PUBLIC_URL, settings.S3_PUBLIC_URL)]
    hosts = [f"{url.scheme}://{url.netloc}" for url in urls if url.scheme == "http"]
    return " ".join(hosts)
