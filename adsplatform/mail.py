"""The mail server that EMAIL_URL names, for Django's e-mail settings."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

# What a scheme means: the port when none is given, STARTTLS, TLS from the start.
SCHEMES = {"smtp": (25, False, False), "smtp+tls": (587, True, False), "smtp+ssl": (465, False, True)}
BACKENDS = "django.core.mail.backends"


@dataclass(frozen=True)
class MailServer:
    """A mail server, or a backend that needs none."""

    backend: str
    host: str = "localhost"
    port: int = 25
    user: str = ""
    password: str = ""
    use_starttls: bool = False
    use_tls: bool = False


def parse_url(url: str) -> MailServer:
    """The server that EMAIL_URL names; without one, e-mails are dropped, and with `console:`, they are printed."""
    if not url:
        return MailServer(f"{BACKENDS}.dummy.EmailBackend")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured(_refusal()) from None
    if parts.scheme == "console":
        return MailServer(f"{BACKENDS}.console.EmailBackend")
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise ImproperlyConfigured(_refusal())
    usual_port, use_starttls, use_tls = SCHEMES[parts.scheme]
    return MailServer(
        f"{BACKENDS}.smtp.EmailBackend",
        host=parts.hostname,
        port=port or usual_port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_starttls=use_starttls,
        use_tls=use_tls,
    )


def _refusal() -> str:
    # Without the URL itself, which may hold a password.
    return (
        "EMAIL_URL is not the address of a mail server. Write it like smtp+tls://user:password@mail.example.com:587 "
        "(or smtp+ssl://, or smtp:// without encryption), or console: to see e-mails on the terminal."
    )
