"""Where e-mails go: Django's settings for a mail server that is given as one address."""

from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# What a scheme means: the port when none is given, STARTTLS, TLS from the start.
SCHEMES = {"smtp": (25, False, False), "smtp+tls": (587, True, False), "smtp+ssl": (465, False, True)}
BACKENDS = "django.core.mail.backends"


def settings_for(url: str) -> dict:
    """Django's e-mail settings for EMAIL_URL; without one, or with `console:`, nothing is sent anywhere."""
    if not url:
        return {"EMAIL_BACKEND": f"{BACKENDS}.dummy.EmailBackend"}
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured(_refusal()) from None
    if parts.scheme == "console":
        return {"EMAIL_BACKEND": f"{BACKENDS}.console.EmailBackend"}
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ImproperlyConfigured(_refusal())
    usual_port, starttls, tls = SCHEMES[parts.scheme]
    return {
        "EMAIL_BACKEND": f"{BACKENDS}.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port or usual_port,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": starttls,
        "EMAIL_USE_SSL": tls,
    }


def _refusal() -> str:
    # Without the address itself, which may hold a password.
    return (
        "EMAIL_URL is not the address of a mail server. Write it like smtp+tls://user:password@mail.example.com:587 "
        "(or smtp+ssl://, or smtp:// without encryption), or console: to see e-mails on the terminal."
    )
