"""All settings in one file; every value that varies is read through env.py."""

import os
from datetime import timedelta
from pathlib import Path

import dj_database_url

from cryptodt import env, mail

BASE_DIR = Path(__file__).resolve().parent.parent

# -- What this installation is -------------------------------------------------

VERSION = "0.1.0"
SIMULATED = env.flag("CRYPTODT_SIMULATED", default=False)
MARKET = "simulated" if SIMULATED else "live"
# Simulated data has a directory of its own, so that it never meets real data.
DATA_DIR = Path(env.text("CRYPTODT_DATA_DIR") or BASE_DIR / ("var-demo" if SIMULATED else "var"))
DATA_DIR = DATA_DIR.resolve()
# Sessions and password hashes are in there.
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

HOST = env.text("HOST", "127.0.0.1")
PORT = env.number("PORT", 7860)
# There is no other mode: whoever asks for one would not get what it promises.
DEBUG = env.never("DEBUG", "LOG_LEVEL=debug tells more.")
SECRET_KEY = env.kept_secret("SECRET_KEY", DATA_DIR / "secrets" / "secret_key")
ALLOWED_HOSTS = env.listing("ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = env.listing("CSRF_TRUSTED_ORIGINS")
PROCESSES = env.number("CRYPTODT_PROCESSES", 1, least=1)

# -- Over the wire -------------------------------------------------------------

# One switch for everything that holds only where each page comes over TLS. It is off at first:
# http://localhost, or a machine in one's own network, would be locked out by it.
HTTPS = env.flag("HTTPS", default=False)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# Who watches the process asks it directly.
SECURE_REDIRECT_EXEMPT = [r"^api/health$"]
SECURE_HSTS_SECONDS = 365 * 86400 if HTTPS else 0
# The promise is made for this name alone: the names beneath it, and the browsers' own lists, are
# for the owner of the domain to decide on.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# Which other sites' pages may read what the API answers.
CORS_ALLOW_CREDENTIALS = env.flag("CORS_CREDENTIALS", default=False)
CORS_ORIGINS = env.origins("CORS_ORIGINS", with_credentials=CORS_ALLOW_CREDENTIALS)
CORS_ALLOW_ALL_ORIGINS = "*" in CORS_ORIGINS
CORS_ALLOWED_ORIGINS = [one for one in CORS_ORIGINS if one != "*"]
CORS_URLS_REGEX = r"^/(api/|openapi\.json$)"
CORS_ALLOW_HEADERS = (
    "accept",
    "authorization",
    "content-type",
    "if-none-match",
    "x-api-key",
    "x-csrftoken",
    "x-request-id",
)
CORS_EXPOSE_HEADERS = (
    "etag",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "x-cryptodt-market",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
)

# -- Apps and middleware -------------------------------------------------------

INSTALLED_APPS = [
    "accounts",
    "cryptodt",
    "market",
    "providers",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "django_celery_beat",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "django_ratelimit",
]

MIDDLEWARE = [
    "cryptodt.middleware.RequestLog",
    "cryptodt.middleware.PageHeaders",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.middleware.PasswordChangeRequired",
    "accounts.middleware.SecondFactorRequired",
    "accounts.middleware.CallerLimits",
    "accounts.middleware.AuditTrail",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "cryptodt.urls"
ASGI_APPLICATION = "cryptodt.asgi.application"
# The API's addresses are exact; a redirect would turn a POST into a GET.
APPEND_SLASH = False

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
                "cryptodt.views.site",
            ],
        },
    },
]

# -- Storage -------------------------------------------------------------------

DATABASES = {
    "default": dj_database_url.parse(
        env.secret("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'cryptodt.sqlite3'}",
        conn_max_age=env.number("DATABASE_CONN_MAX_AGE", 60),
        conn_health_checks=True,
    ),
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    # A file, because an in-memory database cannot be shared by a server's threads; one for each
    # process, because two runs of the tests may go on side by side.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / f"test-{os.getpid()}.sqlite3")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.secret("REDIS_URL")
# The market is part of every key: one Redis can serve both without mixing them.
CACHE_PREFIX = f"{env.text('CACHE_PREFIX', 'cryptodt')}:{MARKET}"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": CACHE_PREFIX,
    }
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "cryptodt",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}

# -- People --------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
CSRF_FAILURE_VIEW = "cryptodt.api.errors.csrf_failure"
LOGIN_URL = "accounts-login"
LOGIN_REDIRECT_URL = "dashboard"
LOGOUT_REDIRECT_URL = "accounts-login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Guessing is slowed by account and by address, and neither is told apart from the other.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=10)
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_LOCKOUT_CALLABLE = "accounts.web.lockout.answer"
AXES_CLIENT_IP_CALLABLE = "accounts.places.counted_address"
# Whoever keeps trying must not be able to keep the owner out for good.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# The audit says who logged in, and the admin has the audit.
AXES_DISABLE_ACCESS_LOG = True
# It has a page of its own, with a way to let somebody in again.
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# Django's own Redis cache counts as it should, which django-ratelimit does not know. A cache of
# the process is shared by all there is where there is one process; `check` refuses more.
SILENCED_SYSTEM_CHECKS.append("django_ratelimit.W001")
if PROCESSES == 1 and not REDIS_URL:
    SILENCED_SYSTEM_CHECKS.append("django_ratelimit.E003")

ENABLE_SIGNUP = env.flag("ENABLE_SIGNUP", default=True)
REQUIRE_STAFF_2FA = env.flag("REQUIRE_STAFF_2FA", default=False)
OTP_TOTP_ISSUER = "CryptoDT"
# A second factor that operators can read is none.
OTP_ADMIN_HIDE_SENSITIVE_DATA = True
# An operator may remove a second factor, and needs to see none.
OTP_ADMIN_HIDE_SENSITIVE_DATA = True
# How long a link in a mail is good for.
PASSWORD_RESET_TIMEOUT = 3600
EMAIL_LINK_SECONDS = 3 * 86400

MAIL = mail.settings_from_environment()
EMAIL_BACKEND = MAIL.backend
EMAIL_HOST, EMAIL_PORT = MAIL.host, MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.user, MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.use_tls, MAIL.use_ssl
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "CryptoDT <cryptodt@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

API_KEY_SALT = env.kept_secret("API_KEY_SALT", DATA_DIR / "secrets" / "api_key_salt")
# What callers without a key may ask in a minute, by kind of endpoint.
RATE_LIMITS = {
    "prices": env.number("RATE_LIMIT_PRICES", 120, least=1),
    "ohlcv": env.number("RATE_LIMIT_OHLCV", 60, least=1),
    "sentiment": env.number("RATE_LIMIT_SENTIMENT", 30, least=1),
    "other": env.number("RATE_LIMIT_OTHER", 30, least=1),
}
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": env.kept_secret("JWT_SECRET_KEY", DATA_DIR / "secrets" / "jwt_key"),
    "ACCESS_TOKEN_LIFETIME": timedelta(hours=24),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=30),
    "AUDIENCE": "cryptodt",
    "ISSUER": f"cryptodt:{MARKET}",
}

# -- Pages ---------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "cryptodt.assets.HashedFiles"},
}
WHITENOISE_ALLOW_ALL_ORIGINS = False
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
# Nothing is loaded from elsewhere, and nothing inline runs.
CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}

# -- API -----------------------------------------------------------------------

REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "cryptodt.api.errors.answer_error",
    "DEFAULT_RENDERER_CLASSES": [
        "cryptodt.api.renderers.ExactJSONRenderer",
        "cryptodt.api.renderers.ProblemRenderer",
        "cryptodt.api.renderers.PageRenderer",
    ],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.KeyAuthentication",
        "accounts.api.authentication.PersonAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.WithinTier"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.throttling.Limits"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    # `?format=` would be one more way to choose what Accept chooses already.
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CryptoDT",
    "DESCRIPTION": "Crypto market data that is real, or old and says so, or an error.",
    "VERSION": VERSION,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "cryptodt.api.schema.add_errors",
    ],
    # Without names of their own these choices would be called after the hash of their values.
    "ENUM_NAME_OVERRIDES": {
        "HealthState": ["healthy", "degraded", "unhealthy"],
        "ProviderStatus": ["online", "degraded", "offline", "unknown", "off"],
        "BreakerState": ["closed", "open", "half_open"],
    },
}

# -- Background work -----------------------------------------------------------

CELERY_BROKER_URL = env.secret("CELERY_BROKER_URL") or REDIS_URL or "memory://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"polling_interval": 0.2} if "memory" in CELERY_BROKER_URL else {}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = f"{CACHE_PREFIX}:tasks".replace(":", ".")
CELERY_TASK_IGNORE_RESULT = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = env.number("WORKER_CONCURRENCY", 4, least=1)

# -- Providers -----------------------------------------------------------------

SIMULATOR_PORT = env.number("SIMULATOR_PORT", PORT + 1)
OWN_SIMULATOR_URL = f"http://127.0.0.1:{SIMULATOR_PORT}" if SIMULATED else ""
PROVIDERS_BASE_URL = env.text("PROVIDERS_BASE_URL") or OWN_SIMULATOR_URL
PROVIDER_URLS = env.with_prefix("PROVIDER_", "_URL")
PROVIDER_STREAM_URLS = env.with_prefix("PROVIDER_", "_STREAM_URL")
ENABLE_STREAMS = env.flag("ENABLE_STREAMS", default=True)
PROVIDER_DEADLINE = env.seconds("PROVIDER_DEADLINE", 4)
COLLECT_INTERVAL = env.number("COLLECT_INTERVAL", 5, least=1)
CIRCUIT_BREAKER_THRESHOLD = env.number("CIRCUIT_BREAKER_THRESHOLD", 5, least=1)
CIRCUIT_BREAKER_TIMEOUT = env.seconds("CIRCUIT_BREAKER_TIMEOUT", 60)
PROVIDER_KEYS = env.with_prefix("", "_API_KEY")
# Seals the keys that operators enter; whoever has only the database cannot read them.
PROVIDER_KEYS_SECRET = env.kept_secret("PROVIDER_KEYS_SECRET", DATA_DIR / "secrets/provider_keys")
ENABLE_AUTO_DISCOVERY = env.flag("ENABLE_AUTO_DISCOVERY", default=True)
AUTO_DISCOVERY_INTERVAL_HOURS = env.number("AUTO_DISCOVERY_INTERVAL_HOURS", 24, least=1)

# -- Market and its live feed --------------------------------------------------

CACHE_TTL_PRICES = env.number("CACHE_TTL_PRICES", 30, least=1)
CACHE_TTL_MARKET = env.number("CACHE_TTL_MARKET", 300, least=1)
CACHE_TTL_DEFI = env.number("CACHE_TTL_DEFI", 3600, least=1)
CACHE_TTL_OHLCV = env.number("CACHE_TTL_OHLCV", 300, least=1)
SUPPORTED_SYMBOLS = env.listing(
    "SUPPORTED_SYMBOLS", "BTC,ETH,SOL,XRP,BNB,ADA,DOT,LINK,LTC,BCH,POL,AVAX,XLM,TRX,DOGE"
)
SUPPORTED_INTERVALS = env.choices(
    "SUPPORTED_INTERVALS", "1m,5m,15m,1h,4h,1d,1w", ("1m", "5m", "15m", "1h", "4h", "1d", "1w")
)
WEBSOCKET_HEARTBEAT_INTERVAL = env.seconds("WEBSOCKET_HEARTBEAT_INTERVAL", 10)
WEBSOCKET_HEARTBEAT_TIMEOUT = env.seconds("WEBSOCKET_HEARTBEAT_TIMEOUT", 30)
LIVE_WINDOW = env.seconds("LIVE_WINDOW", 300)  # So long a client that was away can catch up.

# -- Logs ----------------------------------------------------------------------

LOG_LEVEL = env.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")).upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "cryptodt.common.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Django would format its own lines twice and print tracebacks for each 404.
        "django": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
        # Anybody can send a wrong Host; that is no error of ours, and no reason for a traceback.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "django.server": {"handlers": [], "propagate": True},
        "uvicorn": {"handlers": [], "propagate": True, "level": "WARNING"},
        # It tells of every connection, ours and the simulator's.
        "websockets": {"level": "WARNING"},
        # Its lines hold whole URLs, and some upstreams want their key in there.
        "urllib3": {"level": "ERROR"},
        "celery": {"level": "WARNING"},
        # What it would warn of is in the audit.
        "axes": {"level": "ERROR"},
        "django_celery_beat": {"level": "WARNING"},
    },
}
