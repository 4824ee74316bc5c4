"""The shop with holes, to show that those who look for some find them."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from shop import urls


def injected(request: HttpRequest) -> HttpResponse:
    """Put what was asked for into a statement as it is."""
    with connection.cursor() as cursor:
        keyword = request.GET.get("keyword", "")
        cursor.execute(
            f"SELECT name FROM catalog_product WHERE name LIKE '%{keyword}%'"  # noqa: S608
        )
        return HttpResponse("".join(f"<p>{name}</p>" for (name,) in cursor))


def echoed(request: HttpRequest) -> HttpResponse:
    """Put what was asked for into a page as it is."""
    return HttpResponse(f"<html><body>{request.GET.get('q', '')}</body></html>")


def index(request: HttpRequest) -> HttpResponse:
    """Lead to both."""
    links = '<a href="products?keyword=tea">tea</a> <a href="echo?q=tea">echo</a>'
    return HttpResponse(f"<html><body>{links}</body></html>")


urlpatterns = [
    path("holes/", index),
    path("holes/products", injected),
    path("holes/echo", echoed),
    *urls.urlpatterns,
]
