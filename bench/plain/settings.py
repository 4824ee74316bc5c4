"""The shop's settings with what `django-admin startproject` writes put back.

The shop's, because its models are used, and the apps they are in ask for settings.
"""

from shop import environment as env
from shop.settings import *  # noqa: F403 - settings are made to be inherited so
from shop.settings import MEDIA_URL as _MEDIA
from shop.settings import PUBLIC_URL

ROOT_URLCONF = "bench.plain.urls"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
# Kinder than the default, which connects anew for each request.
DATABASES = {"default": {**env.database("DATABASE_URL"), "CONN_MAX_AGE": 600}}
DATABASE_ROUTERS = []
LOGGING = {}
MEDIA_URL = f"{PUBLIC_URL}{_MEDIA}"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework_simplejwt.authentication.JWTAuthentication"
    ],
    "DEFAULT_RENDERER_CLASSES": ["bench.plain.envelope.EnvelopeRenderer"],
    "DEFAULT_PAGINATION_CLASS": "bench.plain.envelope.Pages",
}
