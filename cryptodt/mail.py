"""How mail leaves: by the server that the environment names, or into this server's output."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from cryptodt import env

CONSOLE = "django.core.mail.backends.console.EmailBackend"
SMTP = "django.core.mail.backends.smtp.EmailBackend"
PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Mail:
    backend: str = CONSOLE
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    use_tls: bool = False
    use_ssl: bool = False


def settings_from_environment() -> Mail:
    """Return EMAIL_URL taken apart, or the single names; without either, mail is printed."""
    if url := env.secret("EMAIL_URL"):
        return of_url(url)
    host = env.text("EMAIL_HOST")
    if not host:
        return Mail()
    use_tls = env.flag("EMAIL_USE_TLS", default=False)
    return Mail(
        backend=SMTP,
        host=host,
        port=env.number("EMAIL_PORT", PORTS["smtp+tls" if use_tls else "smtp"], least=1),
        user=env.text("EMAIL_USER"),
        password=env.secret("EMAIL_PASSWORD"),
        use_tls=use_tls,
    )


def of_url(url: str) -> Mail:
    """Take `smtp://user:password@host:port` apart; `smtp+tls` begins plain, `smtps` does not."""
    # The address holds a password, so no part of it is repeated in what is said of it.
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured("EMAIL_URL has a port that is none.") from None
    if parts.scheme == "console":
        return Mail()
    if parts.scheme not in PORTS or not parts.hostname:
        raise ImproperlyConfigured(
            "EMAIL_URL must look like smtp+tls://user:password@host:587; smtp://, smtps:// and"
            " console:// are known as well."
        )
    return Mail(
        backend=SMTP,
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_tls=parts.scheme == "smtp+tls",
        use_ssl=parts.scheme == "smtps",
    )
