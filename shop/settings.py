"""Settings: each value comes from the environment, with a safe default or a refusal."""

import logging
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from shop import environment as env
from shop.back_office.face import BACK_OFFICE_SEARCHES as BACK_OFFICE_SEARCHES
from shop.back_office.face import NOTHING_HERE as NOTHING_HERE
from shop.back_office.face import SHOWN_WITHOUT_DESK as SHOWN_WITHOUT_DESK
from shop.back_office.face import UNFOLD as UNFOLD
from shop.logs.config import logging_config
from shop.logs.context import job_noted

BASE_DIR = Path(__file__).resolve().parent.parent

# --- What runs here ----------------------------------------------------------------

SHOP_ENV = env.text("SHOP_ENV", "production")
if SHOP_ENV not in {"development", "production"}:
    raise ImproperlyConfigured("SHOP_ENV must be development or production")
IS_DEVELOPMENT = SHOP_ENV == "development"
DEBUG = env.flag("DEBUG")
SECRET_KEY = env.text("SECRET_KEY")
FIELD_ENCRYPTION_KEY = env.text("FIELD_ENCRYPTION_KEY")
PUBLIC_URL = env.origin("PUBLIC_URL")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", urlsplit(PUBLIC_URL).hostname or "")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# A balancer asks the node itself: by its address, which is no name of ALLOWED_HOSTS,
# and without TLS.
NODE_PATHS = ["/healthz", "/readyz", "/metrics"]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "shop",
    "accounts",
    "catalog",
    "orders",
    # The admin's face: its templates come before the admin's own.
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "shop.back_office.apps.BackOfficeConfig",
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
    "axes",
    "simple_history",
]

MIDDLEWARE = [
    "shop.api.request_id.RequestIdMiddleware",
    "shop.logs.access.AccessMiddleware",
    "shop.calls.calling.WaitingBudgetMiddleware",
    # What a browser is told with each answer, whoever gives it.
    "shop.policies.PolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Before all others, so that what they refuse is enveloped too.
    "shop.api.exceptions.EnvelopeErrorsMiddleware",
    # Not for the API.
    "shop.back_office.pages.PageSessionMiddleware",
    "shop.health.ShopCommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "shop.back_office.pages.PageAuthenticationMiddleware",
    "shop.back_office.pages.PageMessageMiddleware",
    "shop.back_office.idle.IdleMiddleware",
    "axes.middleware.AxesMiddleware",
]

# What is asked for most goes past most of them: shop/api/lane.py.
API_LANES = ["accounts.lanes.LANES", "catalog.lanes.LANES", "orders.lanes.LANES"]

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

DATABASES = {"default": env.database("DATABASE_URL") | {"ENGINE": "shop.primary"}}
if _replica := env.database("DATABASE_REPLICA_URL", ""):
    DATABASES["replica"] = _replica | {"ENGINE": "shop.replica"}
DATABASE_ROUTERS = ["shop.replica.routing.ReplicaRouter"]
DATABASE_REPLICA_MAX_LAG_SECONDS = env.number("DATABASE_REPLICA_MAX_LAG_SECONDS", 5)
_CONN_MAX_AGE_SECONDS = env.number("DATABASE_CONN_MAX_AGE_SECONDS", 300)
# A waiting shopper is told "busy" after 3 s; a query that takes 5 s is a fault.
_LOCK_TIMEOUT_SECONDS = env.number("DATABASE_LOCK_TIMEOUT_SECONDS", 3)
DATABASE_STATEMENT_TIMEOUT_SECONDS = env.number("DATABASE_STATEMENT_TIMEOUT_SECONDS", 5)
_SESSION = {
    "lock_timeout": f"{_LOCK_TIMEOUT_SECONDS}s",
    "statement_timeout": f"{DATABASE_STATEMENT_TIMEOUT_SECONDS}s",
    # Compiling takes longer than any statement of a shop.
    "jit": "off",
    # How many products have a word the planner can only guess; to start workers for
    # some hundred takes 20 ms, and the cores are other requests'.
    "max_parallel_workers_per_gather": "0",
    # A bitmap of the keyword index that does not fit here costs a second a thousand
    # rows: each is cut into its pieces again.
    "work_mem": "32MB",
}
for _alias, _database in DATABASES.items():
    _database["CONN_MAX_AGE"] = _CONN_MAX_AGE_SECONDS
    # A replica that went away is noticed by the read, which the primary then answers.
    _database["CONN_HEALTH_CHECKS"] = _alias == "default"
    _database["OPTIONS"] = {
        # What a server that hangs may cost a request; libpq knows no less.
        "connect_timeout": 2,
        # A line that was cut without a word ends; the kernel's own patience is hours.
        "keepalives_idle": 30,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
        "application_name": "shop",
        # For shop.statements alone: Django's own cursors prepare nothing.
        "prepare_threshold": 0,
        **_database["OPTIONS"],
        "options": " ".join(
            [
                *(f"-c {name}={value}" for name, value in _SESSION.items()),
                # What the URL says comes last and wins.
                _database["OPTIONS"].get("options", ""),
            ]
        ).strip(),
    }

# The cache may be lost at any time: a dead Valkey is an empty cache, and a hanging
# one costs 0.3 s now and then, not the client's default of 5 each time.
_VALKEY = {
    "LOCATION": env.valkey("VALKEY_URL"),
    "KEY_PREFIX": "shop",
    "OPTIONS": {
        "REDIS_CLIENT_CLASS": "shop.cache.ImpatientRedis",
        "SOCKET_CONNECT_TIMEOUT": 0.3,
        "SOCKET_TIMEOUT": 0.3,
        # Each thread keeps one, and that of an ended thread waits for Python's garbage
        # collector: at the client's default of 100 the next would be refused.
        "CONNECTION_POOL_KWARGS": {"max_connections": 10_000},
        "IGNORE_EXCEPTIONS": True,
    },
}
CACHES = {
    "default": {"BACKEND": "django_redis.cache.RedisCache", **_VALKEY},
    # For django-ratelimit alone.
    "counts": {"BACKEND": "shop.cache.CountingCache", **_VALKEY},
}

# A history is read for one object: its id has the index.
SIMPLE_HISTORY_DATE_INDEX = False

# --- Language, time, files ---------------------------------------------------------

LANGUAGE_CODE = "zh-hans"
FORMAT_MODULE_PATH = "shop.back_office.formats"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", str(BASE_DIR / "media")))
FILE_UPLOAD_PERMISSIONS = 0o644
# Pictures lie in MEDIA_ROOT unless a bucket is named.
S3_BUCKET = env.text("S3_BUCKET", "")
S3_ENDPOINT_URL = env.link("S3_ENDPOINT_URL", "")
S3_REGION = env.text("S3_REGION", "us-east-1")
S3_ACCESS_KEY_ID = env.text("S3_ACCESS_KEY_ID", "")
S3_SECRET_ACCESS_KEY = env.text("S3_SECRET_ACCESS_KEY", "")
S3_PUBLIC_URL = env.link("S3_PUBLIC_URL", "")
S3_ADDRESSING_STYLE = env.text("S3_ADDRESSING_STYLE", "auto")
if S3_ADDRESSING_STYLE not in {"auto", "path", "virtual"}:
    raise ImproperlyConfigured("S3_ADDRESSING_STYLE must be auto, path or virtual")
S3_TIMEOUT_SECONDS = env.number("S3_TIMEOUT_SECONDS", 5, least=1)
STORAGES = {
    "default": {
        "BACKEND": "shop.storage.PictureStorage"
        if S3_BUCKET
        else "shop.disk.DiskStorage"
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# A JSON body is held to 1 MiB by the parser; this bounds forms and file uploads.
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024
# The admin's page of a product: fields and a picture for each of 200 SKUs.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 300
UPLOAD_MAX_BYTES = 5 * 1024 * 1024

# --- Password logins: the admin's and the API's ------------------------------------

_DJANGOS = "django.contrib.auth.password_validation"
LOGIN_REDIRECT_URL = "admin:index"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": name, "OPTIONS": options}
    for name, options in {
        "accounts.passwords.LengthValidator": {"min_length": 10},
        f"{_DJANGOS}.UserAttributeSimilarityValidator": {
            "user_attributes": ["username"]
        },
        f"{_DJANGOS}.CommonPasswordValidator": {},
        f"{_DJANGOS}.NumericPasswordValidator": {},
    }.items()
]

# Failures within LOCKOUT_MINUTES, counted in PostgreSQL: guessing must not become free
# when Valkey is away.
LOCKOUT_LIMITS = {
    "account_and_address": env.number("LOCKOUT_ACCOUNT_AND_ADDRESS", 5, least=1),
    "account": env.number("LOCKOUT_ACCOUNT", 50, least=1),
    "address": env.number("LOCKOUT_ADDRESS", 100, least=1),
}
AXES_COOLOFF_TIME = timedelta(minutes=env.number("LOCKOUT_MINUTES", 60, least=1))
AXES_HANDLER = "accounts.lockout.LockoutHandler"
# The handler counts from the nearest of the limits.
AXES_FAILURE_LIMIT = 0
# What a success forgives.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "accounts.lockout.address_counted"
AXES_USERNAME_CALLABLE = "accounts.lockout.name_counted"
AXES_LOCKOUT_CALLABLE = "accounts.doors.locked_page"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "csrfmiddlewaretoken"]
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

# --- Background work: each app's jobs.py -------------------------------------------

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
PROCRASTINATE_ON_APP_READY = "shop.worker_pool.pool_bound"
# The sweeps alone are thousands of jobs a day; what failed stays to be looked at.
PROCRASTINATE_WORKER_DEFAULTS = {
    "delete_jobs": "successful",
    "worker_middleware": [job_noted],
}

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
    "DATETIME_FORMAT": "iso-8601",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Mini-program shop",
    "DESCRIPTION": "The REST API of a WeChat mini-program shop.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "shop.api.schema.error_component",
    ],
    "GET_LIB_DOC_EXCLUDES": "shop.api.schema.doc_excludes",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "OrderStatus": "orders.models.OrderStatus.choices",
        "RefundState": "orders.models.RefundState.choices",
        "RefundKind": "orders.models.RefundKind.choices",
        "CouponKind": "orders.models.CouponKind.choices",
        "ClaimStatus": "orders.models.ClaimStatus.choices",
        "CartLineState": ["ok", "sold_out", "short", "off_sale", "gone"],
        "ProductStatus": "catalog.models.ProductStatus.choices",
        "ProductOfferStatus": ["on_sale", "off_sale"],
        "FlashSaleKind": "catalog.models.FlashSaleKind.choices",
    },
}

# --- Tokens ------------------------------------------------------------------------

JWT_ACCESS_DAYS = env.number("JWT_ACCESS_DAYS", 7, least=1, most=3650)
JWT_REFRESH_DAYS = env.number("JWT_REFRESH_DAYS", 30, least=1, most=3650)
STAFF_ACCESS_MINUTES = 30
STAFF_REFRESH_HOURS = 12
# A session of the admin lives as long, and so long without a click.
SESSION_COOKIE_AGE = STAFF_REFRESH_HOURS * 3600
ADMIN_IDLE_MINUTES = env.number("ADMIN_IDLE_MINUTES", 60, least=1, most=12 * 60)
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Scripts read the token where it stands in a form.
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": env.text("JWT_SIGNING_KEY"),
    "ACCESS_TOKEN_LIFETIME": timedelta(days=JWT_ACCESS_DAYS),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=JWT_REFRESH_DAYS),
    "USER_ID_CLAIM": "userId",
    "UPDATE_LAST_LOGIN": False,
    # Seconds by which the clocks of two nodes may differ.
    "LEEWAY": 10,
}

# --- Rate limits: requests / seconds -----------------------------------------------

RATELIMIT_ENABLE = env.flag("RATELIMIT_ENABLE", default=True)
RATELIMIT_FAIL_OPEN = False
RATELIMIT_USE_CACHE = "counts"
# How many proxies of ours each request passes; 0 believes no X-Forwarded-For. In
# production there is one at least, for TLS: a guess would count all clients as one, or
# believe what a client makes up.
TRUSTED_PROXY_HOPS = env.number("TRUSTED_PROXY_HOPS", 0 if IS_DEVELOPMENT else None)
RATELIMITS = {
    scope: env.rate(f"RATELIMIT_{scope.upper()}", rate)
    for scope, rate in {
        # Carriers put thousands of shoppers behind one address.
        "login": "300/300s",
        "staff_login": "10/300s",
        # Refreshes and logouts: clients do them by themselves.
        "session": "3000/300s",
        "read": "3000/900s",
        "write": "100/900s",
        "cart": "600/900s",
    }.items()
}

# --- Orders ------------------------------------------------------------------------

# WeChat keeps a payment open for 90 days at most.
ORDER_PAY_MINUTES = env.number("ORDER_PAY_MINUTES", 30, least=1, most=89 * 24 * 60)
# So long after completion a shopper may ask for a refund; staff give one for a year.
ORDER_REFUND_DAYS = env.number("ORDER_REFUND_DAYS", 15, least=0, most=365)
# Where goods go back to; staff may say otherwise for each return.
REFUND_RETURN_ADDRESS = env.text("REFUND_RETURN_ADDRESS", "")
# So long a shopper has to send them, once staff have agreed.
REFUND_RETURN_DAYS = env.number("REFUND_RETURN_DAYS", 7, least=1, most=90)
# So long after completion a shopper may review what was bought, and so long after the
# review add to it.
ORDER_REVIEW_DAYS = env.number("ORDER_REVIEW_DAYS", 30, least=1, most=3650)
ORDER_REVIEW_APPEND_DAYS = env.number(
    "ORDER_REVIEW_APPEND_DAYS", 180, least=1, most=3650
)
# What staff grant: above the one it takes two, the other is all of a day.
REFUND_TWO_PERSON_ABOVE = env.money("REFUND_TWO_PERSON_ABOVE")
REFUND_DAY_CAP = env.money("REFUND_DAY_CAP")
ORDER_CONFIRM_DAYS = env.number("ORDER_CONFIRM_DAYS", 10, least=1, most=3650)

# --- Sheets that staff import and export -------------------------------------------

# The shop package knows no app: these are its kinds, in the order of the desk.
SHEET_KINDS = [
    "catalog.sheets.products.ProductSheet",
    "orders.sheets.stock.StockSheet",
    "orders.sheets.orders.OrderSheet",
    "orders.sheets.parcels.ParcelSheet",
    "orders.sheets.refunds.RefundSheet",
]
SHEET_KEEP_DAYS = env.number("SHEET_KEEP_DAYS", 7, least=1, most=365)

# --- What is deleted some day: docs/operations.md lists every table ------------------

# Popular words are counted from the last week.
FOOTPRINT_KEEP_DAYS = env.number("FOOTPRINT_KEEP_DAYS", 180, least=8, most=3650)
NOTICE_KEEP_DAYS = env.number("NOTICE_KEEP_DAYS", 180, least=30, most=3650)
# One that waits is given up within a day.
MESSAGE_KEEP_DAYS = env.number("MESSAGE_KEEP_DAYS", 180, least=2, most=3650)
LOGIN_FAILURE_KEEP_DAYS = env.number("LOGIN_FAILURE_KEEP_DAYS", 30, least=2, most=3650)
JOB_KEEP_DAYS = env.number("JOB_KEEP_DAYS", 30, least=1, most=3650)
HISTORY_KEEP_DAYS = env.number("HISTORY_KEEP_DAYS", 1095, least=365, most=36500)

# --- WeChat ------------------------------------------------------------------------

WECHAT_API_BASE = env.text("WECHAT_API_BASE", "https://api.weixin.qq.com").rstrip("/")
WECHAT_PAY_BASE = env.text("WECHAT_PAY_BASE", "https://api.mch.weixin.qq.com").rstrip(
    "/"
)
WECHAT_APPID = env.text("WECHAT_APPID")
WECHAT_SECRET = env.text("WECHAT_SECRET")
WECHAT_MCHID = env.text("WECHAT_MCHID")
WECHAT_API_V3_KEY = env.text("WECHAT_API_V3_KEY")
WECHAT_MERCHANT_SERIAL = env.text("WECHAT_MERCHANT_SERIAL")
WECHAT_MERCHANT_PRIVATE_KEY = env.text("WECHAT_MERCHANT_PRIVATE_KEY")
WECHAT_PLATFORM_PUBLIC_KEY_ID = env.text("WECHAT_PLATFORM_PUBLIC_KEY_ID")
WECHAT_PLATFORM_PUBLIC_KEY = env.text("WECHAT_PLATFORM_PUBLIC_KEY")
# Subscribe messages; /api/config tells the client the ids to ask consent for.
_TEMPLATES = {
    "paid": env.template("WECHAT_TEMPLATE_PAID", "", event="paid"),
    "shipped": env.template("WECHAT_TEMPLATE_SHIPPED", "", event="shipped"),
    "refunded": env.template("WECHAT_TEMPLATE_REFUNDED", "", event="refunded"),
    "agreed": env.template("WECHAT_TEMPLATE_AGREED", "", event="agreed"),
    "rejected": env.template("WECHAT_TEMPLATE_REJECTED", "", event="rejected"),
}
WECHAT_TEMPLATES = {event: one for event, one in _TEMPLATES.items() if one}
WECHAT_MESSAGE_PAGE = env.text("WECHAT_MESSAGE_PAGE", "")
WECHAT_SUBSCRIBE_TEMPLATES = env.words("WECHAT_SUBSCRIBE_TEMPLATES", "")

# --- Where parcels are -------------------------------------------------------------

LOGISTICS_SERVICE = env.text("LOGISTICS_SERVICE", "")
if LOGISTICS_SERVICE not in {"", "kuaidi100"}:
    raise ImproperlyConfigured("LOGISTICS_SERVICE must be kuaidi100 or empty")
KUAIDI100_BASE = env.link("KUAIDI100_BASE", "https://poll.kuaidi100.com")
KUAIDI100_CUSTOMER = env.text("KUAIDI100_CUSTOMER", "")
KUAIDI100_KEY = env.text("KUAIDI100_KEY", "")

# --- HTTPS; what production refuses is in shop/checks.py ------------------------------

if not IS_DEVELOPMENT:
    if TRUSTED_PROXY_HOPS > 0:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [rf"^{path[1:]}\Z" for path in NODE_PATHS]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    # A browser takes a name that begins so from this very host over TLS alone: no other
    # host of the domain can put one there.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
# Whether other hosts of the domain speak HTTPS is not for a shop to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Watching ----------------------------------------------------------------------

# Without one, /metrics does not exist.
METRICS_TOKEN = env.text("METRICS_TOKEN", "")
SENTRY_DSN = env.text("SENTRY_DSN", "")

# --- Logs --------------------------------------------------------------------------

LOG_DIR = env.folder("LOG_DIR", "")
LOGGING = logging_config(
    is_readable=IS_DEVELOPMENT, level=env.level("LOG_LEVEL", "INFO"), folder=LOG_DIR
)
# A closed pipe or a full disk is no request's fault, and has nowhere to be told.
logging.raiseExceptions = IS_DEVELOPMENT
