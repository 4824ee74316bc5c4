"""Settings: each value comes from the environment, with a safe default or a refusal."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent


def _text(name: str, default: str | None = None) -> str:
    """Return NAME, or the content of the file that NAME_FILE names."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: {error}") from None
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set")
    return value


def _number(name: str, default: int) -> int:
    try:
        return int(_text(name, str(default)))
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number") from None


def _flag(name: str, *, default: bool = False) -> bool:
    value = _text(name, "1" if default else "0").lower()
    if value not in {"0", "1", "true", "false", "yes", "no", ""}:
        raise ImproperlyConfigured(f"{name} must be 1 or 0")
    return value in {"1", "true", "yes"}


def _words(name: str, default: str) -> list[str]:
    return [word.strip() for word in _text(name, default).split(",") if word.strip()]


def _database(url: str) -> dict[str, Any]:
    """Turn postgresql://user:password@host:port/name?option=… into Django's form."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in {"postgresql", "postgres"} or port == -1:
        raise ImproperlyConfigured("DATABASE_URL must be postgresql://…/name")
    if not parts.path.strip("/"):
        raise ImproperlyConfigured("DATABASE_URL names no database")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(port or ""),
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


# --- What runs here ----------------------------------------------------------------

SHOP_ENV = _text("SHOP_ENV", "production")
if SHOP_ENV not in {"development", "production"}:
    raise ImproperlyConfigured("SHOP_ENV must be development or production")
IS_DEVELOPMENT = SHOP_ENV == "development"
DEBUG = _flag("DEBUG")
SECRET_KEY = _text("SECRET_KEY")
FIELD_ENCRYPTION_KEY = _text("FIELD_ENCRYPTION_KEY")
PUBLIC_URL = _text("PUBLIC_URL").rstrip("/")
ALLOWED_HOSTS = _words("ALLOWED_HOSTS", urlsplit(PUBLIC_URL).hostname or "")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "shop",
    "accounts",
    "catalog",
    "orders",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "shop.api.request_id.RequestIdMiddleware",
    # Before all others, so that what they refuse is enveloped too.
    "shop.api.exceptions.EnvelopeErrorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Data --------------------------------------------------------------------------

DATABASES = {"default": _database(_text("DATABASE_URL"))}
DATABASES["default"] |= {
    "CONN_MAX_AGE": _number("DATABASE_CONN_MAX_AGE_SECONDS", 300),
    "CONN_HEALTH_CHECKS": True,
}
# A waiting shopper is told "busy" after 3 s; a query that takes 5 s is a fault.
_LOCK_TIMEOUT_SECONDS = _number("DATABASE_LOCK_TIMEOUT_SECONDS", 3)
_STATEMENT_TIMEOUT_SECONDS = _number("DATABASE_STATEMENT_TIMEOUT_SECONDS", 5)
DATABASES["default"]["OPTIONS"] |= {
    "connect_timeout": 3,
    "application_name": "shop",
    "options": f"-c lock_timeout={_LOCK_TIMEOUT_SECONDS}s"
    f" -c statement_timeout={_STATEMENT_TIMEOUT_SECONDS}s",
}

# The cache may be lost at any time: a dead Valkey is an empty cache, and a hanging
# one costs 0.3 s, not the client's default of 5.
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": _text("VALKEY_URL"),
        "KEY_PREFIX": "shop",
        "OPTIONS": {
            "SOCKET_CONNECT_TIMEOUT": 0.3,
            "SOCKET_TIMEOUT": 0.3,
            "IGNORE_EXCEPTIONS": True,
        },
    }
}
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True

# --- Language, time, files ---------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = Path(_text("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(_text("MEDIA_ROOT", str(BASE_DIR / "media")))
FILE_UPLOAD_PERMISSIONS = 0o644
# A JSON body is held to 1 MiB by the parser; this bounds forms and file uploads.
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024
UPLOAD_MAX_BYTES = 5 * 1024 * 1024

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in {
        "MinimumLengthValidator": {"min_length": 10},
        "UserAttributeSimilarityValidator": {"user_attributes": ["username"]},
        "CommonPasswordValidator": {},
        "NumericPasswordValidator": {},
    }.items()
]

# --- Background work: each app's jobs.py -------------------------------------------

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
# The sweeps alone are thousands of jobs a day; what failed stays to be looked at.
PROCRASTINATE_WORKER_DEFAULTS = {"delete_jobs": "successful"}

# --- The API -----------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.SessionTokenAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["shop.api.permissions.IsShopper"],
    "DEFAULT_RENDERER_CLASSES": ["shop.api.envelope.EnvelopeRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "shop.api.negotiation.AlwaysJSON",
    "DEFAULT_METADATA_CLASS": "shop.api.negotiation.NoMetadata",
    "DEFAULT_PARSER_CLASSES": ["shop.api.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "shop.api.pagination.PagePagination",
    "DEFAULT_SCHEMA_CLASS": "shop.api.schema.EnvelopeAutoSchema",
    "EXCEPTION_HANDLER": "shop.api.exceptions.exception_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "DATETIME_FORMAT": "iso-8601",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Mini-program shop",
    "DESCRIPTION": "The REST API of a WeChat mini-program shop.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "shop.api.schema.error_component",
    ],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "OrderStatus": "orders.models.OrderStatus.choices",
        "ProductStatus": "catalog.models.ProductStatus.choices",
    },
}

# --- Tokens ------------------------------------------------------------------------

JWT_ACCESS_DAYS = _number("JWT_ACCESS_DAYS", 7)
JWT_REFRESH_DAYS = _number("JWT_REFRESH_DAYS", 30)
STAFF_ACCESS_MINUTES = 30
STAFF_REFRESH_HOURS = 12
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": _text("JWT_SIGNING_KEY"),
    "ACCESS_TOKEN_LIFETIME": timedelta(days=JWT_ACCESS_DAYS),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=JWT_REFRESH_DAYS),
    "USER_ID_CLAIM": "userId",
    "UPDATE_LAST_LOGIN": False,
    # Seconds by which the clocks of two nodes may differ.
    "LEEWAY": 10,
}

# --- Rate limits: requests / seconds -----------------------------------------------

RATELIMIT_ENABLE = _flag("RATELIMIT_ENABLE", default=True)
RATELIMIT_FAIL_OPEN = False
RATELIMITS = {
    scope: _text(f"RATELIMIT_{scope.upper()}", rate)
    for scope, rate in {
        # Carriers put thousands of shoppers behind one address.
        "login": "300/300s",
        "staff_login": "10/300s",
        "read": "3000/900s",
        "write": "100/900s",
        "cart": "600/900s",
    }.items()
}

# --- Orders ------------------------------------------------------------------------

ORDER_PAY_MINUTES = _number("ORDER_PAY_MINUTES", 30)
ORDER_CONFIRM_DAYS = _number("ORDER_CONFIRM_DAYS", 10)

# --- WeChat ------------------------------------------------------------------------

WECHAT_API_BASE = _text("WECHAT_API_BASE", "https://api.weixin.qq.com").rstrip("/")
WECHAT_PAY_BASE = _text("WECHAT_PAY_BASE", "https://api.mch.weixin.qq.com").rstrip("/")
WECHAT_APPID = _text("WECHAT_APPID")
WECHAT_SECRET = _text("WECHAT_SECRET")
WECHAT_MCHID = _text("WECHAT_MCHID")
WECHAT_API_V3_KEY = _text("WECHAT_API_V3_KEY")
WECHAT_MERCHANT_SERIAL = _text("WECHAT_MERCHANT_SERIAL")
WECHAT_MERCHANT_PRIVATE_KEY = _text("WECHAT_MERCHANT_PRIVATE_KEY")
WECHAT_PLATFORM_PUBLIC_KEY_ID = _text("WECHAT_PLATFORM_PUBLIC_KEY_ID")
WECHAT_PLATFORM_PUBLIC_KEY = _text("WECHAT_PLATFORM_PUBLIC_KEY")
# Template ids of subscribe messages, told to the client by /api/config.
WECHAT_SUBSCRIBE_TEMPLATES = _words("WECHAT_SUBSCRIBE_TEMPLATES", "")

# --- Refusals: what development alone may do ----------------------------------------

if not IS_DEVELOPMENT:
    _real = {"https://api.mch.weixin.qq.com", "https://api2.mch.weixin.qq.com"}
    if WECHAT_API_BASE != "https://api.weixin.qq.com" or WECHAT_PAY_BASE not in _real:
        raise ImproperlyConfigured("another WeChat host needs SHOP_ENV=development")
    if not RATELIMIT_ENABLE:
        raise ImproperlyConfigured("RATELIMIT_ENABLE=0 needs SHOP_ENV=development")
    if not PUBLIC_URL.startswith("https://"):
        raise ImproperlyConfigured("PUBLIC_URL must be https")
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
if len(WECHAT_API_V3_KEY.encode()) != 32:
    raise ImproperlyConfigured("WECHAT_API_V3_KEY must be 32 bytes")
if len(SIMPLE_JWT["SIGNING_KEY"].encode()) < 32:  # type: ignore[attr-defined]
    raise ImproperlyConfigured("JWT_SIGNING_KEY must be at least 32 bytes")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Logs --------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "shop.api.request_id.RequestIdFilter"},
        "one_line": {"()": "shop.api.request_id.OneLineFilter"},
    },
    "formatters": {
        "line": {
            "format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
        }
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": "line",
        }
    },
    "root": {"handlers": ["stderr"], "level": _text("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.security.DisallowedHost": {"filters": ["one_line"]},
        "django_redis.cache": {"filters": ["one_line"]},
        # Their DEBUG lines hold URLs with the app secret, and raw statements.
        "urllib3": {"level": "WARNING"},
        "requests": {"level": "WARNING"},
        "django.db.backends": {"level": "WARNING"},
        # Each start of each periodic job; failures are ERROR.
        "procrastinate": {"level": "WARNING"},
    },
}
