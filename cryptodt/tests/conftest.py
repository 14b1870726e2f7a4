"""Fixtures for tests that run the whole product."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from playwright.sync_api import Page, expect, sync_playwright

from cryptodt.tests.running import Service

CHOSEN = "a-door-of-oak-7"
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def new_database() -> Iterator[dict[str, str]]:
    """Give a whole service a database of its own when the suite runs on PostgreSQL."""
    configured = settings.DATABASES["default"]
    if not configured["ENGINE"].endswith("postgresql"):
        yield {}
        return
    name = f"cryptodt_service_{uuid.uuid4().hex[:8]}"
    server = os.environ["DATABASE_URL"].rpartition("/")[0]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield {"DATABASE_URL": f"{server}/{name}"}
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def own_database() -> Iterator[dict[str, str]]:
    with new_database() as environment:
        yield environment


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running demo with its first prices."""
    with new_database() as database:
        service = Service(
            tmp_path_factory.mktemp("demo"), {**database, "COLLECT_INTERVAL": "1"}
        ).start()
        service.wait_until(lambda: service.get("/api/prices")[0] == 200)
        yield service
        service.stop()


def chromium() -> str | None:
    """Return the browser: the one that CHROMIUM names, or the first that is installed."""
    names = [os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"]
    return next((found for name in names if name and (found := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    executable = chromium()
    with sync_playwright() as playwright:
        if executable is None and not Path(playwright.chromium.executable_path).exists():
            if os.environ.get("CI"):
                pytest.fail("CI needs Chromium for the browser tests")
            pytest.skip("no Chromium here: install it, or name one in CHROMIUM")
        browser = playwright.chromium.launch(executable_path=executable, args=BROWSER_FLAGS)
        page = browser.new_page()
        yield page
        browser.close()


def log_in(page: Page, service: Service) -> None:
    """Come in with the one-time password, and choose another."""
    page.goto(f"{service.url}/")
    page.get_by_label("Username").fill("operator")
    page.get_by_label("Password").fill(service.operator_password)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{service.url}/password")
    page.get_by_label("Current password").fill(service.operator_password)
    page.get_by_label("New password", exact=True).fill(CHOSEN)
    page.get_by_label("New password, once more").fill(CHOSEN)
    page.get_by_role("button", name="Save password").click()
    expect(page).to_have_url(f"{service.url}/")
