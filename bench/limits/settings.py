"""A Django without middlewares, and a DRF without authentication."""

SECRET_KEY = "nothing here is signed"  # noqa: S105 - no secret
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "bench.limits.urls"
MIDDLEWARE: list[str] = []
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
