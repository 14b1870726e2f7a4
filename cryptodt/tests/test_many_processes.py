"""Several web processes on one database and one Redis: one limit, and one answer about a key."""

import os
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests
from django.conf import settings

from cryptodt.tests.conftest import new_database
from cryptodt.tests.running import ROOT, free_port

IS_SHARED = settings.REDIS_URL and settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
pytestmark = pytest.mark.skipif(not IS_SHARED, reason="several processes need both")
PROCESSES, THREADS, CALLS = 4, 8, 12
LIMIT, LEAST = 300, 285
PLACE = "/api/protected-data"
DO = "import django, sys; django.setup(); from accounts.models import *; from accounts.services import *; "
ISSUE = DO + (
    "person, _ = User.objects.get_or_create(username='ann', defaults={'tier_id': 'pro'});"
    " print(issue_key(person, KeyWish('a key')).text)"
)
REVOKE = DO + "key = ApiKey.objects.get(public_id=sys.argv[1]); revoke_key(key, by=key.owner)"


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Iterator[dict[str, str]]:
    with new_database() as database:
        yield {
            **os.environ,
            **database,
            "CACHE_PREFIX": f"test-{uuid.uuid4().hex[:8]}",
            "CRYPTODT_DATA_DIR": str(tmp_path_factory.mktemp("many")),
            "CRYPTODT_PROCESSES": str(PROCESSES),
            "CRYPTODT_SIMULATED": "1",
            "DJANGO_SETTINGS_MODULE": "cryptodt.settings",
        }


def run(environment, *command: str) -> str:
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=90,
    )
    return ended.stdout.strip()


def is_up(url: str) -> bool:
    try:
        return requests.get(f"{url}/api/health", timeout=5).status_code in (200, 503)
    except requests.ConnectionError:
        return False


@pytest.fixture(scope="module")
def urls(environment) -> Iterator[list[str]]:
    run(environment, "manage.py", "prepare")
    ports = [free_port() for _ in range(PROCESSES)]
    command = [sys.executable, "-m", "uvicorn", "cryptodt.asgi:application", "--lifespan", "off"]
    command += ["--http", "cryptodt.express_http:ExpressHttp", "--log-level", "error", "--port"]
    with ExitStack() as stack:
        for port in ports:
            process = subprocess.Popen([*command, str(port)], cwd=ROOT, env=environment)
            stack.enter_context(process)
            stack.callback(process.terminate)
        found = [f"http://127.0.0.1:{port}" for port in ports]
        deadline = time.monotonic() + 60
        while not all(is_up(url) for url in found):
            assert time.monotonic() < deadline, "they do not come up"
            time.sleep(0.1)
        yield found


def ask(url: str, key: str) -> requests.Response:
    return requests.get(url + PLACE, headers={"X-API-Key": key}, timeout=30)


def spend(urls: list[str], key: str) -> Counter[str]:
    """Ask all processes at once, much more than is allowed; count the good answers by window."""
    good: Counter[str] = Counter()
    gate = threading.Barrier(PROCESSES * THREADS)

    def work(url: str) -> None:
        gate.wait()
        for _ in range(CALLS):
            answer = ask(url, key)
            assert answer.status_code in (200, 429)
            if answer.status_code == 200:
                good[answer.headers["X-RateLimit-Reset"]] += 1

    threads = [threading.Thread(target=work, args=(url,)) for url in urls for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return good


def test_four_processes_give_one_limit_and_hardly_less(environment, urls):
    for _ in range(2):
        good = spend(urls, run(environment, "-c", ISSUE))
        assert max(good.values()) <= LIMIT
        if len(good) == 1:
            break
    # A minute can end in between, and not twice in a row.
    assert len(good) == 1
    assert sum(good.values()) >= LEAST


def test_a_revoked_key_and_its_tokens_end_everywhere(environment, urls):
    key = run(environment, "-c", ISSUE)
    made = requests.post(f"{urls[0]}/api/auth/token", json={"api_key": key}, timeout=30).json()
    shown = [{"X-API-Key": key}, {"Authorization": f"Bearer {made['access_token']}"}]

    def statuses() -> set[int]:
        answers = [
            requests.get(url + PLACE, headers=headers, timeout=30)
            for url in urls
            for headers in shown
        ]
        return {answer.status_code for answer in answers}

    assert statuses() == {200}
    # Whoever believed it just before may go on for BELIEVED and LOOKING.
    run(environment, "-c", REVOKE, key.split("_")[1])
    deadline = time.monotonic() + 20
    while statuses() != {401}:
        assert time.monotonic() < deadline, "it is still believed"
