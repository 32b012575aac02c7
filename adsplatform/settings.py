"""Settings, read from environment variables; every default is safe in production.

docs/configuration.md describes the variables.
"""

import contextlib
import secrets
import warnings
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environs import Env, validate

from adsplatform import database, mail
from adsplatform.observability import logs
from adsplatform.openapi.settings import SPECTACULAR_SETTINGS  # noqa: F401  (drf-spectacular reads it here)

PACKAGE_DIR = Path(__file__).resolve().parent
# In a checkout, templates and static files are beside manage.py; an installed package contains them.
IS_CHECKOUT = (PACKAGE_DIR.parent / "manage.py").exists()
BASE_DIR = PACKAGE_DIR.parent if IS_CHECKOUT else PACKAGE_DIR
env = Env()
# Files of this installation: the embedded database, uploads, generated keys.
VAR_DIR = env.path("ADS_VAR_DIR", (BASE_DIR if IS_CHECKOUT else Path.cwd()) / "var")


def read_or_make_secret(name: str, make: Callable[[], str]) -> str:
    """A secret from the environment, or else from a file in VAR_DIR, created when first needed with mode 0600."""
    if value := env.str(name, ""):
        return value
    path = VAR_DIR / name.lower()
    try:
        if not path.exists():
            VAR_DIR.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
            fresh.touch(mode=0o600)
            fresh.write_text(make())
            # If two processes start together, one creates the file and both read the same secret.
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(fresh)
            fresh.unlink()
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path} cannot be read or written ({error.strerror}). "
            "Give us that folder, or name another one with ADS_VAR_DIR."
        ) from None


def fernet_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


DEBUG = env.bool("DEBUG", False)
SECRET_KEY = read_or_make_secret("SECRET_KEY", lambda: secrets.token_urlsafe(50))
# Earlier secret keys: what was signed with them stays valid, and nothing is signed with them any more.
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
# Keys that sign and seal the audit trail, newest first; the older ones only check. Without any, the secret keys do.
AUDIT_KEYS: list[str] = env.list("AUDIT_KEYS", []) or [SECRET_KEY, *SECRET_KEY_FALLBACKS]
# Fernet keys for connector credentials, comma-separated, newest first; the older ones only decrypt.
CREDENTIALS_KEYS = read_or_make_secret("CREDENTIALS_KEYS", fernet_key).split(",")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
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
    "drf_spectacular",
    # Swagger UI, as files of our own site.
    "drf_spectacular_sidecar",
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
    "adsplatform.accounts.page_headers.ResponseHeadersMiddleware",
    "adsplatform.accounts.row_security.RowSecurityMiddleware",
    "adsplatform.observability.probes.ProbesMiddleware",
    "adsplatform.rest.middleware.WireMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "adsplatform.rest.form_bodies.FormBodyMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "adsplatform.accounts.session_ends.SessionEndMiddleware",
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
    *(
        {"NAME": f"django.contrib.auth.password_validation.{name}"}
        for name in (
            "UserAttributeSimilarityValidator",
            "MinimumLengthValidator",
            "CommonPasswordValidator",
            "NumericPasswordValidator",
        )
    ),
    {"NAME": "adsplatform.accounts.password_strength.StrengthValidator"},
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
# Inside the package, Django finds them as those of an app.
STATICFILES_DIRS = [BASE_DIR / "static"] if IS_CHECKOUT else []
# Workers read the uploads. If they run on other machines, set UPLOAD_STORAGE to a storage class that all machines share
# (an object store, for example) and UPLOAD_STORAGE_OPTIONS to its options as JSON.
STORAGES = {
    "default": {
        "BACKEND": env.str("UPLOAD_STORAGE", "django.core.files.storage.FileSystemStorage"),
        "OPTIONS": env.json("UPLOAD_STORAGE_OPTIONS", None)
        or {"location": str(VAR_DIR / "uploads"), "file_permissions_mode": 0o600},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_MANIFEST_STRICT = False

# For /.well-known/security.txt: addresses to report a vulnerability to (mailto: or https:), and a page about how.
SECURITY_CONTACT: list[str] = env.list("SECURITY_CONTACT", [])
SECURITY_POLICY = env.str("SECURITY_POLICY", "")

# /metrics answers requests with this token; if there is none, requests from this machine that came through no proxy.
METRICS_TOKEN = env.str("METRICS_TOKEN", "")

# http without TLS is only for trying the product out on one machine; `manage.py up` sets HTTPS to false itself.
HTTPS = env.bool("HTTPS", True)
SECURE_SSL_REDIRECT = HTTPS and env.bool("HTTPS_REDIRECT", True)
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_ENGINE = "adsplatform.accounts.sessions"
# Browsers send cookies of this prefix to the very host that set them over HTTPS, and take them from no other.
cookie_prefix = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{cookie_prefix}sessionid", f"{cookie_prefix}csrftoken"
# A session ends so long after signing in, and so long after the last activity.
SESSION_HOURS = env.int("SESSION_HOURS", 12)
SESSION_IDLE_MINUTES = env.int("SESSION_IDLE_MINUTES", 60)
SESSION_COOKIE_AGE = SESSION_HOURS * 3600
# Not in a cookie of their own.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# How long the link works by which a person sets a password.
PASSWORD_LINK_HOURS = env.int("PASSWORD_LINK_HOURS", 24)
PASSWORD_RESET_TIMEOUT = PASSWORD_LINK_HOURS * 3600
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
    "DEFAULT_SCHEMA_CLASS": "adsplatform.openapi.schema.WireSchema",
    "DEFAULT_THROTTLE_CLASSES": [],
    "DEFAULT_THROTTLE_RATES": {
        # Attempts at one person's password from one address.
        "sign-in": env.str("THROTTLE_SIGN_IN", "10/min"),
        # Attempts at one person's password from any address, and at anyone's password from one address.
        "sign-in-many": env.str("THROTTLE_SIGN_IN_MANY", "100/min"),
        # API keys that one person makes.
        "make-key": env.str("THROTTLE_MAKE_KEY", "30/hour"),
        # Attempts that failed, in a day: at one person's password from one address, and from any address.
        "sign-in-day": env.str("THROTTLE_SIGN_IN_DAY", "100/day"),
        "sign-in-day-many": env.str("THROTTLE_SIGN_IN_DAY_MANY", "1000/day"),
        "create-sync": env.str("THROTTLE_CREATE_SYNC", "600/min"),
        # For all keys of an account together, because anyone with a key can create more keys.
        "create-sync-account": env.str("THROTTLE_CREATE_SYNC_ACCOUNT", "1200/min"),
    },
    # How many reverse proxies add to X-Forwarded-For; only the entries that they added are trusted.
    "NUM_PROXIES": env.int("NUM_PROXIES", 0),
    "UNAUTHENTICATED_USER": None,
}

# For how many days an API key works at most, which is also the end of a key that names none; and how many keys that
# work a person may have in an account, and all people of an account together.
API_KEY_DAYS = env.int("API_KEY_DAYS", 365, validate=validate.Range(1, 365))
API_KEYS_PER_PERSON = env.int("API_KEYS_PER_PERSON", 20)
API_KEYS_PER_ACCOUNT = env.int("API_KEYS_PER_ACCOUNT", 200)

# How long a statement of a query or a download may run, and how many reads an account may make in a minute. The reads
# are counted in the memory of each web process, because a count in the database would cost as much as many a read.
READ_SECONDS = env.float("READ_SECONDS", 10)
READS_PER_MINUTE = env.int("READS_PER_MINUTE", 3_000)

# How long the answer to a request with an Idempotency-Key is stored, to be given again.
IDEMPOTENCY_HOURS = env.int("IDEMPOTENCY_HOURS", 24)

# All web processes share the throttle counters, so they are in the database. The cache must be large enough: a full one
# drops a third of its entries, so attempts with a few hundred invented names would reset the counters.
CACHES = {
    "default": {
        "BACKEND": "adsplatform.json_cache.JsonCache",
        "LOCATION": "cache_entry",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

# A queue message is only a wake-up: it makes a worker look for the next sync, and the SyncRequest row says what to do.
# So messages are never retried, timed out or saved; syncs.tasks sends another wake-up when work is left.
# A message can name one of these tasks and nothing else (see adsplatform.cluster.messages).
QUEUE_TASKS = ("syncs.tasks.run_next_sync", "syncs.tasks.remove_enrollment_data")
# They travel through Redis or, without one, through a table of the database, in the transaction of the sender. LISTEN
# needs a connection of its own; with a pooler that shares connections between transactions, processes poll the table.
REDIS_URL = env.str("REDIS_URL", "")
QUEUE_LISTENS = env.bool("QUEUE_LISTENS", True)
warnings.filterwarnings("ignore", message="Retry and timeout are misconfigured")
# Syncs that run at once on this machine; an account gets all but one of them.
SYNC_WORKERS = env.int("SYNC_WORKERS", 2)
Q_CLUSTER = {
    "name": "ads",
    "orm": "default",
    "workers": SYNC_WORKERS,
    "timeout": None,
    "retry": 86400,
    "ack_failures": True,
    "max_attempts": 1,
    "queue_limit": 1,
    "bulk": 1,
    "save_limit": -1,
    # Seconds between two polls of the queue; a process that listens polls only in case a notification was lost.
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

# Whether a pooler shares connections between transactions. Session settings would then affect other requests.
POOLED_BY_TRANSACTION = env.bool("POOLED_BY_TRANSACTION", not QUEUE_LISTENS)
# Whether row-level security restricts a request to its account (see adsplatform.accounts.row_security).
SECOND_FENCE = env.bool("SECOND_FENCE", not POOLED_BY_TRANSACTION)

# After how many days retention deletes what would otherwise grow for ever; 0 means never. The counts of a sync stay as
# long as books must be kept; its problems and files for a year, plus the time it takes to close that year.
KEEP_SYNCS_DAYS = env.int("KEEP_SYNCS_DAYS", 3650)
KEEP_DETAILS_DAYS = env.int("KEEP_DETAILS_DAYS", 400)
KEEP_UPLOADS_DAYS = env.int("KEEP_UPLOADS_DAYS", 400)
KEEP_UNANSWERED_DAYS = env.int("KEEP_UNANSWERED_DAYS", 30)
KEEP_AUDIT_DAYS = env.int("KEEP_AUDIT_DAYS", 3650)
KEEP_AUDIT_PERSONS_DAYS = env.int("KEEP_AUDIT_PERSONS_DAYS", 730)
KEEP_QUEUE_DAYS = env.int("KEEP_QUEUE_DAYS", 7)

# How long the workers may take to stop. A sync that has not ended shortly before is handed back, to be run again.
STOP_SECONDS = env.float("STOP_SECONDS", 60)

# The lease of a worker on its sync. The worker renews it each second; once it has expired, another may take the sync.
SYNC_LEASE_SECONDS = env.float("SYNC_LEASE_SECONDS", 30)
# How many attempts a sync has, and the pause before the second one; each further pause is twice as long, up to a limit.
SYNC_TRIES = env.int("SYNC_TRIES", 5)
SYNC_RETRY_SECONDS = env.float("SYNC_RETRY_SECONDS", 30)
SYNC_LONGEST_RETRY_SECONDS = env.float("SYNC_LONGEST_RETRY_SECONDS", 3600)
# A sync fails for good that has crashed its worker, or was handed back unfinished (database outages), so many times.
SYNC_CRASHES = env.int("SYNC_CRASHES", 2)
SYNC_MOST_STARTS = env.int("SYNC_MOST_STARTS", 50)
# How many syncs may wait, of an enrollment and of a whole account; each upload among them needs storage for its file.
SYNC_MOST_WAITING = env.int("SYNC_MOST_WAITING", 2_000)
SYNC_MOST_WAITING_OF_ACCOUNT = env.int("SYNC_MOST_WAITING_OF_ACCOUNT", 5_000)
# How many syncs may run at once: of an account, and of a connector ({"some-erp": 2}; no limit for others).
SYNC_RUNNING_PER_ACCOUNT = env.int("SYNC_RUNNING_PER_ACCOUNT", 4)
SYNC_RUNNING_PER_CONNECTOR: dict[str, int] = dict(env.json("SYNC_RUNNING_PER_CONNECTOR", {}))
# The delay of an account's next sync for each of its waiting syncs, so that syncs of other accounts go first.
SYNC_TURN_SECONDS = env.float("SYNC_TURN_SECONDS", 60)
# Each sync runs in a process of its own, which can be killed; false is for tests and debuggers.
SYNC_OWN_PROCESS = env.bool("SYNC_OWN_PROCESS", True)

# What reads sources is confined: as this user where the workers are root, with these folders and variables besides.
SYNC_READER_UID = env.int("SYNC_READER_UID", 64016, validate=validate.Range(1))
SYNC_READER_FOLDERS: list[str] = env.list("SYNC_READER_FOLDERS", [])
SYNC_READER_ENVIRONMENT: list[str] = env.list("SYNC_READER_ENVIRONMENT", [])
CONNECTOR_ALLOWED_ADDRESSES: list[str] = env.list("CONNECTOR_ALLOWED_ADDRESSES", [])
SINGER_TAPS: dict[str, object] = dict(env.json("SINGER_TAPS", {}))
# Of ledgers in the cloud, by connector: {"xero": {"clientId": "…", "clientSecret": "…"}}
OAUTH_CLIENTS: dict[str, dict[str, str]] = dict(env.json("OAUTH_CLIENTS", {}))

# For uploads larger than this, direct insert writes rows that are certain to be new while the rest is still being read.
SYNC_AHEAD_BYTES = env.int("SYNC_AHEAD_BYTES", 1_000_000)

# Scheduled syncs of one time are spread over this many seconds; each enrollment always has the same offset.
SCHEDULE_SPREAD_SECONDS = env.int("SCHEDULE_SPREAD_SECONDS", 300)
# Data are late if a scheduled sync has not loaded any after this many minutes.
FRESHNESS_GRACE_MINUTES = env.int("FRESHNESS_GRACE_MINUTES", 120)

# E-mails about notices; without EMAIL_URL there are none.
EMAIL_URL = env.str("EMAIL_URL", "")
mail_server = mail.parse_url(EMAIL_URL)
EMAIL_BACKEND = mail_server.backend
EMAIL_HOST = mail_server.host
EMAIL_PORT = mail_server.port
EMAIL_HOST_USER = mail_server.user
EMAIL_HOST_PASSWORD = mail_server.password
EMAIL_USE_TLS = mail_server.use_starttls
EMAIL_USE_SSL = mail_server.use_tls
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", "ADS Platform <ads-platform@localhost>")
# The address of the Inbox, for links in e-mails: https://ads.example.com
PUBLIC_URL = env.str("PUBLIC_URL", "").rstrip("/")

# Limits of uploads, in bytes unless named otherwise.
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_BYTES", 2 * 1024**3)
# What the uploads and the raw lines of rejected rows of an account may take up, and how many enrollments it may have.
ACCOUNT_MAX_BYTES = env.int("ACCOUNT_MAX_BYTES", 50 * 1024**3)
ENROLLMENTS_PER_ACCOUNT = env.int("ENROLLMENTS_PER_ACCOUNT", 50)
# How many resumable uploads of an account may be unfinished, and after how many hours without a part they are removed.
UPLOAD_MOST_UNFINISHED = env.int("UPLOAD_MOST_UNFINISHED", 20)
KEEP_PARTS_HOURS = env.int("KEEP_PARTS_HOURS", 48)
BATCH_MAX_BYTES = env.int("BATCH_MAX_BYTES", 200 * 1024**2)
BATCH_MAX_RECORDS = env.int("BATCH_MAX_RECORDS", 1_000_000)
# The free space of a disk that uploads never use; with less, they are refused.
DISK_RESERVE_BYTES = env.int("DISK_RESERVE_BYTES", 1024**3)
# Of a body that is neither an upload nor a batch nor a document, and of a form that somebody sends without signing in.
BODY_MAX_BYTES = env.int("BODY_MAX_BYTES", 16 * 1024)
UNPACKED_MAX_BYTES = env.int("UNPACKED_MAX_BYTES", 20 * 1024**3)
UNPACKED_MAX_RATIO = env.int("UNPACKED_MAX_RATIO", 200)
ZIP_MAX_ENTRIES = env.int("ZIP_MAX_ENTRIES", 1000)
LINE_MAX_BYTES = env.int("LINE_MAX_BYTES", 10 * 1024**2)
# Limits of a process that runs a sync: its address space (0 for no limit), and the size of each file that it writes.
SYNC_MEMORY_MAX_BYTES = env.int("SYNC_MEMORY_MAX_BYTES", 4 * 1024**3)
SYNC_FILE_MAX_BYTES = env.int("SYNC_FILE_MAX_BYTES", UNPACKED_MAX_BYTES)
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024**2
FILE_UPLOAD_HANDLERS = [
    "syncs.inbox.upload_handler.UploadLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

LOG_FORMAT = env.str("LOG_FORMAT", "text", validate=validate.OneOf(("text", "json")))
LOGGING = logs.configuration(LOG_FORMAT, root=env.str("LOG_LEVEL", "INFO"), levels=logs.LIBRARIES)
