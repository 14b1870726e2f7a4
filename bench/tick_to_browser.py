"""From an exchange's tick to the cell on the page: how old a price is when Chromium shows it.

One exchange is on, so that every price shown is that exchange's last tick and its `lastUpdate` is
the moment of that tick. Twice: everything in one process; and collected in one process and shown
by another, on PostgreSQL (DATABASE_URL) and Redis (REDIS_URL), where both are named.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from playwright.sync_api import Page, sync_playwright
from start import ROOT, answers, free_port

from cryptodt.tests.conftest import BROWSER_FLAGS, chromium, new_database

GOAL_MS = 250
LOOKING_EVERY = 0.5
# It quotes in dollars, which others need somebody else to convert to.
EXCHANGE = "coinbaseexchange"
PREPARE = """
import django, sys; django.setup()
from accounts.models import User
from providers.models import Provider
from providers.services import switch
switch(Provider.objects.exclude(slug=sys.argv[1]), is_on=False)
User.objects.create_user("bench", password=sys.argv[2])
"""
# Each cell that changed, with the tick that its last message was about. The page's own handler
# runs first, since it was there first; what it wrote is seen before the browser does anything else.
WATCH = """() => {
  const told = new Map();
  window.shown = [];
  const note = (event) => {
    const frame = JSON.parse(event.data);
    if (frame.type !== "update") return;
    for (const item of frame.data) told.set(item.symbol, Date.parse(item.lastUpdate));
  };
  const Plain = window.WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", note);
    }
  };
  addEventListener("DOMContentLoaded", () => {
    new MutationObserver((changes) => {
      const now = Date.now();
      const cells = new Set(changes.map(({ target }) =>
        (target.nodeType === Node.TEXT_NODE ? target.parentElement : target)
          ?.closest("[data-price]")?.dataset.price));
      for (const symbol of cells) {
        const tick = told.get(symbol);
        if (tick) window.shown.push([symbol, tick, now]);
        told.delete(symbol);
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
}"""


def run(environment: dict[str, str], *command: str) -> None:
    subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=True)


@contextmanager
def started(environment: dict[str, str], url: str, *command: str) -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            while not answers(f"{url}/api/prices"):
                time.sleep(LOOKING_EVERY)
            yield url
        finally:
            process.terminate()


def ages(page: Page, url: str, password: str, seconds: float) -> list[float]:
    """Return how old each price was when it appeared, in milliseconds."""
    page.add_init_script(f"({WATCH})()")
    page.goto(f"{url}/login")
    page.get_by_label("Username").fill("bench")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_selector("[data-price]")
    # The first rounds fill what is shared, and are no tick's.
    time.sleep(10)
    page.evaluate("window.shown.length = 0")
    time.sleep(seconds)
    shown = page.evaluate("window.shown")
    return sorted(float(now - tick) for _, tick, now in shown)


def measure(page: Page, seconds: float, *, many: bool) -> list[float]:
    port, simulator, password = free_port(), free_port(), uuid.uuid4().hex
    with ExitStack() as stack:
        data = stack.enter_context(tempfile.TemporaryDirectory())
        environment = {
            **os.environ,
            **stack.enter_context(new_database()),
            "CACHE_PREFIX": f"bench-{uuid.uuid4().hex[:8]}",
            "CRYPTODT_DATA_DIR": data,
            "CRYPTODT_SIMULATED": "1",
            "DJANGO_SETTINGS_MODULE": "cryptodt.settings",
            "PORT": str(port),
            "SIMULATOR_PORT": str(simulator),
        }
        if not many:
            environment.update(DATABASE_URL="", REDIS_URL="")
        run(environment, "manage.py", "prepare")
        run(environment, "-c", PREPARE, EXCHANGE, password)
        up = started(environment, f"http://127.0.0.1:{port}", "manage.py", "up")
        url = stack.enter_context(up)
        if many:
            other = str(free_port())
            command = ("-m", "uvicorn", "cryptodt.asgi:application", "--lifespan", "off")
            web = started(environment, f"http://127.0.0.1:{other}", *command, "--port", other)
            url = stack.enter_context(web)
        return ages(page, url, password, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    chosen = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cryptodt.settings")
    is_shared = bool(os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=BROWSER_FLAGS)
        for many in (False, True) if is_shared else (False,):
            found = measure(browser.new_page(), chosen.seconds, many=many)
            name = "two processes, PostgreSQL, Redis" if many else "one process"
            if not found:
                print(f"{name}: no price changed")
                continue
            p50, p99 = (found[int(len(found) * part)] for part in (0.5, 0.99))
            print(
                f"{name:34} {len(found):6} changes   p50 {p50:5.0f} ms   p99 {p99:5.0f} ms"
                f"   longest {found[-1]:5.0f} ms   (goal {GOAL_MS})"
            )
        browser.close()


if __name__ == "__main__":
    main()
