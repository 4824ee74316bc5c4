"""Every URL of the shop."""

from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles.views import serve as serve_static
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.static import serve

from shop.api.config import ConfigView
from shop.api.exceptions import error_view
from shop.api.schema_view import DocsView, SchemaView
from shop.health import healthz, readyz
from shop.metrics_view import metrics

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("api/schema", SchemaView.as_view(), name="schema"),
    path("api/docs", DocsView.as_view()),
    path("api/config", ConfigView.as_view()),
    # What is asked for most: each route before it is tried first.
    path("api/", include("catalog.urls")),
    # Orders before accounts: they add to the account what only they know.
    path("api/", include("orders.urls")),
    path("api/", include("accounts.urls")),
    re_path(r"^api/", csrf_exempt(error_view(404))),
    path("admin/", admin.site.urls),
]

if settings.IS_DEVELOPMENT:
    urlpatterns += [
        # In production nginx serves both folders.
        re_path(r"^static/(?P<path>.+)$", serve_static, {"insecure": True}),
        re_path(r"^media/(?P<path>.+)$", serve, {"document_root": settings.MEDIA_ROOT}),
    ]

handler400 = error_view(400)
handler403 = error_view(403)
handler404 = error_view(404)
handler500 = error_view(500)
