"""How mail leaves is read from the environment, and what is not understood is refused."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from cryptodt.mail import CONSOLE, SMTP, Mail, of_url, settings_from_environment


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in ("URL", "HOST", "PORT", "USER", "PASSWORD", "USE_TLS"):
        monkeypatch.delenv(f"EMAIL_{name}", raising=False)


def test_without_a_server_mail_is_printed():
    assert settings_from_environment().backend == CONSOLE


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("console://", Mail()),
        ("smtp://mail.example", Mail(SMTP, "mail.example", 25)),
        (
            "smtp+tls://me%40example.com:p%2Fw@mail.example",
            Mail(SMTP, "mail.example", 587, "me@example.com", "p/w", use_tls=True),
        ),
        (
            "smtps://me:pw@mail.example:1465",
            Mail(SMTP, "mail.example", 1465, "me", "pw", use_ssl=True),
        ),
    ],
)
def test_an_address_is_taken_apart(url, expected):
    assert of_url(url) == expected


@pytest.mark.parametrize(
    "url", ["mail.example", "http://me:secret@mail.example", "smtp://:secret@"]
)
def test_an_address_that_is_not_understood_is_refused_without_its_password(url):
    with pytest.raises(ImproperlyConfigured) as refusal:
        of_url(url)
    assert "secret" not in str(refusal.value)


def test_a_port_that_is_none_is_refused():
    with pytest.raises(ImproperlyConfigured, match="port"):
        of_url("smtp://mail.example:many")


def test_the_single_names_do_as_well(monkeypatch):
    for name, value in {"HOST": "mail.example", "USER": "me", "USE_TLS": "true"}.items():
        monkeypatch.setenv(f"EMAIL_{name}", value)
    assert settings_from_environment() == Mail(SMTP, "mail.example", 587, "me", use_tls=True)
