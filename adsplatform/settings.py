"""Settings, read from the environment; every default is safe to run in production.

docs/configuration.md describes the variables.
"""

import contextlib
import secrets
import warnings
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environs import Env, validate

from adsplatform import database, mail
from adsplatform.observability import logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()
# What the product keeps on this machine: the embedded database, uploads, generated keys.
VAR_DIR = env.path("ADS_VAR_DIR", BASE_DIR / "var")


def kept_secret(name: str, make) -> str:
    """A secret from the environment, or one made at first need and kept under var/ with mode 0600."""
    if value := env.str(name, ""):
        return value
    kept = VAR_DIR / name.lower()
    try:
        if not kept.exists():
            VAR_DIR.mkdir(parents=True, exist_ok=True)
            fresh = kept.with_name(f"{kept.name}.{secrets.token_hex(4)}")
            fresh.touch(mode=0o600)
            fresh.write_text(make())
            # Of two processes that start together, one wins and both read the same secret.
            with contextlib.suppress(FileExistsError):
                kept.hardlink_to(fresh)
            fresh.unlink()
        return kept.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{kept} cannot be read or written ({error.strerror}). "
            "Give us that folder, or name another one with ADS_VAR_DIR."
        ) from None


def fernet_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


DEBUG = env.bool("DEBUG", False)
SECRET_KEY = kept_secret("SECRET_KEY", lambda: secrets.token_urlsafe(50))
# Fernet keys for connector credentials, newest first, comma-separated; older ones only read.
CREDENTIALS_KEYS = kept_secret("CREDENTIALS_KEYS", fernet_key).split(",")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", [])
ENVIRONMENT = env.str("ENVIRONMENT", "production")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "django_htmx",
    "adsplatform",
    "adsplatform.accounts",
    "adsplatform.rest",
    "adsplatform.records",
    "enrollments",
    # Before django_q, whose command `qcluster` it replaces.
    "syncs",
    "django_q",
]

MIDDLEWARE = [
    "adsplatform.observability.request_ids.RequestIdMiddleware",
    "adsplatform.accounts.row_security.RowSecurityMiddleware",
    "adsplatform.observability.probes.ProbesMiddleware",
    "adsplatform.rest.middleware.WireMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "adsplatform.accounts.audit.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "adsplatform.accounts.page_headers.PageHeadersMiddleware",
]

ROOT_URLCONF = "adsplatform.urls"
WSGI_APPLICATION = "adsplatform.wsgi.application"

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
                "syncs.inbox.notice_views.open_notices",
            ],
        },
    },
]

DATABASE_URL = env.str("DATABASE_URL", "")
DATABASES = {
    "default": {
        **database.settings_for(DATABASE_URL, VAR_DIR),
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "inbox:sign-in"
LOGIN_REDIRECT_URL = "inbox:home"
LOGOUT_REDIRECT_URL = "inbox:sign-in"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
DATE_FORMAT, DATETIME_FORMAT = "Y-m-d", "Y-m-d H:i:s"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Uploads are read by workers that may run on other machines: there, set UPLOAD_STORAGE to a shared
# storage class (an object store, say) and its OPTIONS as JSON.
STORAGES = {
    "default": {
        "BACKEND": env.str("UPLOAD_STORAGE", "django.core.files.storage.FileSystemStorage"),
        "OPTIONS": env.json("UPLOAD_STORAGE_OPTIONS", None)
        or {"location": str(VAR_DIR / "uploads"), "file_permissions_mode": 0o600},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MANIFEST_STRICT = False

# Who may read /metrics: whoever sends this token or, without one, who asks from this machine and through no proxy.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")

# Plain http is only for trying the product out on one machine; `manage.py up` says so by itself.
HTTPS = env.bool("HTTPS", True)
SECURE_SSL_REDIRECT = HTTPS and env.bool("HTTPS_REDIRECT", True)
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 12 * 3600
if proxy_header := env.str("HTTPS_PROXY_HEADER", ""):
    SECURE_PROXY_SSL_HEADER = (proxy_header, "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["adsplatform.rest.authentication.CredentialAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["adsplatform.rest.permissions.HasRole"],
    "DEFAULT_PARSER_CLASSES": ["adsplatform.rest.parsers.LenientJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["adsplatform.rest.renderers.WireRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "adsplatform.rest.renderers.AlwaysJSON",
    "EXCEPTION_HANDLER": "adsplatform.rest.problems.problem_response",
    "DEFAULT_THROTTLE_CLASSES": [],
    "DEFAULT_THROTTLE_RATES": {
        # One person's passwords from one place; one person's from anywhere, and everyone's from one place.
        "sign-in": env.str("THROTTLE_SIGN_IN", "10/min"),
        "sign-in-many": env.str("THROTTLE_SIGN_IN_MANY", "100/min"),
        "create-sync": env.str("THROTTLE_CREATE_SYNC", "600/min"),
        # All keys of an account together, because anyone with a key can make more of them.
        "create-sync-account": env.str("THROTTLE_CREATE_SYNC_ACCOUNT", "1200/min"),
    },
    # How many reverse proxies write X-Forwarded-For; only what they wrote is believed.
    "NUM_PROXIES": env.int("NUM_PROXIES", 0),
    "UNAUTHENTICATED_USER": None,
}

# How long the answer to a request with an Idempotency-Key is kept, to be given again.
IDEMPOTENCY_HOURS = env.int("IDEMPOTENCY_HOURS", 24)

# Throttle counters must be shared by all web processes, so they live in the database. There must be room for
# them: a full cache throws out a third of its entries, and some hundred made-up people would make it forget.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache_entry",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

# A message is only a bell: it wakes a worker, and the SyncRequest row says what there is to do.
# So a message is never retried, timed out or kept; syncs.tasks rings again when work is left.
# It travels by Redis or, without one, by a table of the database, in the transaction of who rings. LISTEN needs a
# connection that stays: where a pooler gives away connections by the transaction, the table is looked at instead.
REDIS_URL = env.str("REDIS_URL", "")
QUEUE_LISTENS = env.bool("QUEUE_LISTENS", True)
warnings.filterwarnings("ignore", message="Retry and timeout are misconfigured")
Q_CLUSTER = {
    "name": "ads",
    "orm": "default",
    "workers": env.int("SYNC_WORKERS", 2),
    "timeout": None,
    "retry": 86400,
    "ack_failures": True,
    "max_attempts": 1,
    "queue_limit": 1,
    "bulk": 1,
    "save_limit": -1,
    # Seconds between two looks at the queue; who listens looks only in case that news was lost.
    "poll": 1 if QUEUE_LISTENS else 0.2,
    "recycle": 500,
    "catch_up": False,
    "scheduler": False,
    "guard_cycle": 0.5,
}
if REDIS_URL:
    Q_CLUSTER |= {"broker_class": "adsplatform.cluster.brokers.RedisBroker", "redis": REDIS_URL}
elif QUEUE_LISTENS:
    Q_CLUSTER["broker_class"] = "adsplatform.cluster.brokers.ListeningBroker"

# What a request says of itself to its connection, a pooler that gives those away by the transaction hands to others.
POOLED_BY_TRANSACTION = env.bool("POOLED_BY_TRANSACTION", not QUEUE_LISTENS)
# Whether row-level security restricts a request to its account (see adsplatform.accounts.row_security).
SECOND_FENCE = env.bool("SECOND_FENCE", not POOLED_BY_TRANSACTION)

# How many days things are kept that grow for ever otherwise; 0 keeps them. A sync's counts are kept as long as books
# have to be; its problems line by line, and the files, for a year and the time in which that is closed.
KEEP_SYNCS_DAYS = env.int("KEEP_SYNCS_DAYS", 3650)
KEEP_DETAILS_DAYS = env.int("KEEP_DETAILS_DAYS", 400)
KEEP_UPLOADS_DAYS = env.int("KEEP_UPLOADS_DAYS", 400)
KEEP_QUEUE_DAYS = env.int("KEEP_QUEUE_DAYS", 7)

# How long after they were told to stop the workers are gone; what has not ended shortly before is handed back.
STOP_SECONDS = env.float("STOP_SECONDS", 60)

# Who works on a sync has it for so long, and renews that each second; after it, another worker may have it.
SYNC_LEASE_SECONDS = env.float("SYNC_LEASE_SECONDS", 30)
# How often a sync is tried, and the pause before the second try; each further pause is twice as long, up to a limit.
SYNC_TRIES = env.int("SYNC_TRIES", 5)
SYNC_RETRY_SECONDS = env.float("SYNC_RETRY_SECONDS", 30)
SYNC_LONGEST_RETRY_SECONDS = env.float("SYNC_LONGEST_RETRY_SECONDS", 3600)
# What stops its worker as often is set aside.
SYNC_CRASHES = env.int("SYNC_CRASHES", 2)
# What was handed back unfinished as often, say because the database went away each time, is given up.
SYNC_MOST_STARTS = env.int("SYNC_MOST_STARTS", 50)
# How many syncs of an enrollment may wait for their turn; each upload among them keeps its file until then.
SYNC_MOST_WAITING = env.int("SYNC_MOST_WAITING", 2_000)
# How many syncs may run at once: of an account, and of a connector ({"some-erp": 2}; others have no limit).
SYNC_RUNNING_PER_ACCOUNT = env.int("SYNC_RUNNING_PER_ACCOUNT", 4)
SYNC_RUNNING_PER_CONNECTOR: dict[str, int] = dict(env.json("SYNC_RUNNING_PER_CONNECTOR", {}))
# Each sync that an account has waiting puts off its next one by so much, behind what others ask for till then.
SYNC_TURN_SECONDS = env.float("SYNC_TURN_SECONDS", 60)
# Each sync runs in a process of its own, which can be ended; only tests and debuggers want it otherwise.
SYNC_OWN_PROCESS = env.bool("SYNC_OWN_PROCESS", True)

# Of larger uploads, lines that are sure to become new records do so while the rest is read.
SYNC_AHEAD_BYTES = env.int("SYNC_AHEAD_BYTES", 1_000_000)

# Syncs that schedules ask for at one time start within so many seconds of it, each enrollment at its own.
SCHEDULE_SPREAD_SECONDS = env.int("SCHEDULE_SPREAD_SECONDS", 300)
# Data are late when a scheduled sync has not brought any within so many minutes.
FRESHNESS_GRACE_MINUTES = env.int("FRESHNESS_GRACE_MINUTES", 120)

# E-mails about notices. Without EMAIL_URL none are written.
EMAIL_URL = env.str("EMAIL_URL", "")
globals().update(mail.settings_for(EMAIL_URL))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", "ADS Platform <ads-platform@localhost>")
# Where people reach the Inbox, for links in e-mails: https://ads.example.com
PUBLIC_URL = env.str("PUBLIC_URL", "").rstrip("/")

# Limits of what may be uploaded. Sizes in bytes.
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_BYTES", 2 * 1024**3)
BATCH_MAX_BYTES = env.int("BATCH_MAX_BYTES", 200 * 1024**2)
UNPACKED_MAX_BYTES = env.int("UNPACKED_MAX_BYTES", 20 * 1024**3)
UNPACKED_MAX_RATIO = env.int("UNPACKED_MAX_RATIO", 200)
ZIP_MAX_ENTRIES = env.int("ZIP_MAX_ENTRIES", 1000)
LINE_MAX_BYTES = env.int("LINE_MAX_BYTES", 10 * 1024**2)
# What a process that carries out syncs may take: address space (0 for any), and the size of a file it writes.
SYNC_MEMORY_MAX_BYTES = env.int("SYNC_MEMORY_MAX_BYTES", 4 * 1024**3)
SYNC_FILE_MAX_BYTES = env.int("SYNC_FILE_MAX_BYTES", UNPACKED_MAX_BYTES)
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024**2
FILE_UPLOAD_HANDLERS = [
    "syncs.inbox.upload_handler.UploadLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

LOG_FORMAT = env.str("LOG_FORMAT", "text", validate=validate.OneOf(("text", "json")))
LOGGING = logs.configuration(LOG_FORMAT, root=env.str("LOG_LEVEL", "INFO"), **{"django-q": "WARNING"})
