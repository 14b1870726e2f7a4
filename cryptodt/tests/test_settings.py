"""What an operator sets is obeyed, and what would be dangerous keeps it from starting."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = str(ROOT / "cryptodt" / "settings.py")


@pytest.fixture
def start(monkeypatch, tmp_path):
    """Read the settings as a process would that starts with these variables."""
    monkeypatch.setenv("CRYPTODT_DATA_DIR", str(tmp_path))

    def read(**variables: str):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(SETTINGS)

    return read


@pytest.mark.parametrize("name", ["SECRET_KEY", "JWT_SECRET_KEY", "API_KEY_SALT"])
@pytest.mark.parametrize("value", ["changeme", "your-secret-key-change-in-production"])
def test_a_default_or_short_secret_keeps_it_from_starting(start, name, value):
    with pytest.raises(ImproperlyConfigured, match=name):
        start(**{name: value})


def test_a_secret_can_come_from_a_file(start, tmp_path):
    (tmp_path / "salt").write_text("q7Hn2-vWx91LrTzB4cKd8mYs6PjE3fUa\n")
    found = start(API_KEY_SALT_FILE=str(tmp_path / "salt"))
    assert found["API_KEY_SALT"] == "q7Hn2-vWx91LrTzB4cKd8mYs6PjE3fUa"


def test_debugging_keeps_it_from_starting(start):
    with pytest.raises(ImproperlyConfigured, match="DEBUG"):
        start(DEBUG="true")


def test_every_origin_with_credentials_keeps_it_from_starting(start):
    assert start(CORS_ORIGINS="*")["CORS_ALLOW_ALL_ORIGINS"] is True
    with pytest.raises(ImproperlyConfigured, match="CORS_ORIGINS"):
        start(CORS_ORIGINS="*", CORS_CREDENTIALS="true")


def test_other_sites_may_read_nothing_at_first(start):
    found = start()
    assert not found["CORS_ALLOW_ALL_ORIGINS"]
    assert found["CORS_ALLOWED_ORIGINS"] == []
    assert not found["CORS_ALLOW_CREDENTIALS"]


def test_plain_http_works_until_it_is_switched_off(start):
    found = start()
    assert not found["SECURE_SSL_REDIRECT"]
    assert not found["SESSION_COOKIE_SECURE"]
    assert found["SECURE_HSTS_SECONDS"] == 0


def test_the_production_check_is_clean(tmp_path):
    """The shape of many machines, as docs/operations.md describes it."""
    environment = {
        **os.environ,
        "CRYPTODT_DATA_DIR": str(tmp_path),
        "HTTPS": "true",
        "ALLOWED_HOSTS": "market.example",
        "CORS_ORIGINS": "https://app.example",
        "CRYPTODT_PROCESSES": "4",
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    check = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    ended = subprocess.run(
        check, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    assert "no issues" in ended.stdout
