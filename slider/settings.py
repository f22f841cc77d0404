"""Django's settings, derived from the typed environment; nothing is read from anywhere else."""

from importlib.util import find_spec

import dj_database_url

from slider import embedded, providers
from slider.environment import HERE, Environment
from slider.logs import configure

ENV = Environment()
_embedded_database, _embedded_redis = embedded.addresses(ENV.SLIDER_STATE_DIR)

DEBUG = ENV.DEBUG
SECRET_KEY = ENV.secret_key
SECRET_KEY_FALLBACKS = ENV.SECRET_KEY_FALLBACKS
ALLOWED_HOSTS = ENV.ALLOWED_HOSTS
CSRF_TRUSTED_ORIGINS = ENV.CSRF_TRUSTED_ORIGINS

INSTALLED_APPS = [
    # Before ours: what these show in Django's admin, secrets of people among it, ours takes away again.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    # Where its libraries are: requirements-saml.in. `slider.checks` refuses its settings without them.
    *(["allauth.socialaccount.providers.saml"] if find_spec("onelogin") else []),
    "allauth.usersessions",
    "slider",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
]
MIDDLEWARE = [
    "slider.views.headers.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "slider.views.idle.IdleMiddleware",
    "slider.views.vouched.VouchedMiddleware",
    # Fail closed: every view asks for a login unless it says otherwise.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "slider.views.demanded.DemandedMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "slider.views.acting.ActingMiddleware",
    "slider.views.away.AwayMiddleware",
    "slider.views.unreadable.UnreadableMiddleware",
]
ROOT_URLCONF = "slider.urls"
WSGI_APPLICATION = "slider.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "slider.views.frame.frame",
            ],
        },
    },
]

# PostgreSQL is the truth. The time limits bound the pull-back and keep one page from holding up the rest.
DATABASE_URL = ENV.DATABASE_URL or _embedded_database
DATABASES = {"default": dj_database_url.parse(DATABASE_URL, conn_max_age=60, conn_health_checks=True)}
DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = 1 if ENV.SLIDER_DB_PREPARE else None
DATABASES["default"]["OPTIONS"]["options"] = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "statement_timeout": ENV.SLIDER_DB_STATEMENT_MS,
        "lock_timeout": ENV.SLIDER_DB_LOCK_MS,
        "idle_in_transaction_session_timeout": ENV.SLIDER_DB_IDLE_MS,
        "timezone": "UTC",
        # Whom the log names as the way in: a session without it was opened by hand.
        "slider.via": "program",
        # What is prepared (`slider.models.standing`) is planned once, not anew for each value that looks cheaper.
        "plan_cache_mode": "force_generic_plan" if ENV.SLIDER_DB_PREPARE else "auto",
    }.items()
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis carries hints and rate limits: flushing it loses nothing.
REDIS_URL = ENV.REDIS_URL or _embedded_redis

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTHENTICATION_BACKENDS = ["slider.models.sessions.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# A link to a new password holds for an hour, and once.
PASSWORD_RESET_TIMEOUT = 3600

# The engine of the second step and of sign-in by others; pages, throttle and mails are ours: docs/signing-in.md
ACCOUNT_ADAPTER = "slider.views.adapters.Account"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_RATE_LIMITS = False
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
MFA_ADAPTER = "slider.models.sealing.SecondSteps"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
SOCIALACCOUNT_ADAPTER = "slider.views.adapters.Outside"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_PROVIDERS = providers.known(ENV)

STATIC_URL = "static/"
STATIC_ROOT = ENV.SLIDER_STATE_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

SESSION_ENGINE = "slider.models.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = ENV.SLIDER_SESSION_S
# With this beginning a browser takes a cookie from this very host alone, by HTTPS, and no neighbour can plant one.
_own = "__Host-" if ENV.https else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME, SEEN_COOKIE_NAME = f"{_own}sessionid", f"{_own}csrftoken", f"{_own}seen"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = ENV.https
SECURE_HSTS_SECONDS = 31_536_000 if ENV.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = ENV.https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.https else None
# Probes and scrapes come from inside, to the process itself and past the proxy that speaks HTTPS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "report-uri": ["/csp-report"],
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
IMPORT_MAX_BYTES = 256 * 1024 * 1024
IMPORT_MAX_ROWS = 100_000

# Mail is off while no server is named: then nothing is owed, and nothing tries.
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if ENV.sends_mail else 'dummy'}.EmailBackend"
EMAIL_HOST, EMAIL_PORT = ENV.SLIDER_MAIL_HOST, ENV.SLIDER_MAIL_PORT
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = ENV.SLIDER_MAIL_USER, ENV.SLIDER_MAIL_PASSWORD
EMAIL_USE_TLS = ENV.SLIDER_MAIL_SECURITY == "starttls"
EMAIL_USE_SSL = ENV.SLIDER_MAIL_SECURITY == "tls"
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = ENV.SLIDER_MAIL_FROM or "slider@localhost"

LOGGING_CONFIG = None
configure()
