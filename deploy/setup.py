"""Set up a fresh machine: virtual environment, pinned packages, static files, browser.

Standard library only. Each step is stamped with a hash of what it was made from, so that a
second run has nothing to do. `python3 deploy/setup.py --help` lists the choices.
"""

import argparse
import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)
NEWEST_MINOR = 14
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET_SECONDS = 15.0
TAIL_LINES = 25
NOTE_LENGTH = 88
NOISE = re.compile(r"WARNING: Location|Requirement already|Collecting |\s+Using cached|Looking in")

CUDA_REFUSED = """\
The only PyTorch on offer is {version}, which on Linux pulls gigabytes of CUDA packages.
The index asked for the CPU build was {index}; it did not answer or has no such build.
Two ways out:
  1. point TORCH_INDEX_URL at an index that has the CPU build and run the same command again
     (TORCH_INDEX_URL=pypi takes what PyPI offers, CUDA included);
  2. run everything but the models: add LITE=1, as in `make run LITE=1`."""

HINTS = (
    (r"No space left", "The disk is full."),
    (
        r"NameResolution|Temporary failure in name|dns error|Connection refused|unreachable",
        "A package index could not be reached. Check the network and proxy settings.",
    ),
    (r"CERTIFICATE_VERIFY", "A TLS certificate was refused. Is there a proxy in between?"),
    (
        r"No matching distribution|No solution found|ResolutionImpossible",
        "The package index in use does not have one of the pinned versions.",
    ),
    (r"Permission denied|Errno 13", "Something here belongs to another user."),
)


class Failed(Exception):
    """A step that did not work, with what to tell the user."""


class Progress:
    """One moving line on a terminal, and one line every few seconds anywhere else."""

    def __init__(self, title):
        self.title = title
        self.note = ""
        self.started = time.monotonic()
        self.is_terminal = sys.stdout.isatty()
        self.finished = threading.Event()
        self.thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self):
        say(self.title)
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.finished.set()
        self.thread.join()
        outcome = "failed" if error[0] else "done"
        self._show("  {} in {:.1f} s".format(outcome, self._seconds()), last=True)

    def _seconds(self):
        return time.monotonic() - self.started

    def _tick(self):
        while not self.finished.wait(0.5 if self.is_terminal else QUIET_SECONDS):
            self._show(f"  {self._seconds():3.0f} s  {self.note}")

    def _show(self, text, last=False):
        if self.is_terminal:
            width = shutil.get_terminal_size().columns - 1
            print("\r" + text[:width].ljust(width), end="\n" if last else "", flush=True)
        else:
            say(text)


def say(text):
    """Print at once, also into a pipe."""
    print(text, flush=True)


def run(command, progress):
    """Run a command, keep its last lines, and fail with them."""
    tail = deque(maxlen=TAIL_LINES)
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    for line in process.stdout:
        if not line.strip() or NOISE.match(line):
            continue
        tail.append(line.rstrip())
        progress.note = line.strip()[:NOTE_LENGTH]
    if process.wait() != 0:
        raise Failed(explain(command, process.returncode, "\n".join(tail)))


def explain(command, code, output):
    """Say which command failed, how it ended, and what that usually means."""
    hint = next((hint for pattern, hint in HINTS if re.search(pattern, output)), "")
    shown = " ".join(str(part) for part in command)
    return "\n".join([output, "", f"Exit code {code} from: {shown}", hint]).rstrip()


def digest(paths):
    """Hash the names and contents of files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(str(path.relative_to(ROOT)).encode() + b"\0")
        total.update(path.read_bytes())
    return total.hexdigest()


def is_stamped(name, value):
    """Tell whether a step was already done for this content."""
    stamp = VENV / f"cryptodt-{name}.stamp"
    return stamp.is_file() and stamp.read_text() == value


def set_stamp(name, value):
    """Remember that a step was done for this content."""
    (VENV / f"cryptodt-{name}.stamp").write_text(value)


def go_on_with_newer_python():
    """Replace a Python that is too old by one that is not, or say that there is none."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(NEWEST_MINOR, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and works(found):
            os.execv(found, [found, *sys.argv])
    running = ".".join(str(part) for part in sys.version_info[:3])
    raise Failed(
        f"CryptoDT needs Python 3.11 or newer; this is {running}, and no newer one is on PATH."
        "\nDebian 12, Ubuntu 24.04 and later have it: sudo apt install python3 python3-venv"
    )


def works(python):
    """Tell whether a Python starts at all: version managers leave names that do not."""
    return subprocess.call([python, "-c", ""], stderr=subprocess.DEVNULL) == 0


def has_venv():
    """Tell whether the environment is complete enough to install into."""
    return PYTHON.exists() and bool(glob.glob(str(VENV / "lib/python3.*/site-packages/pip")))


def make_venv():
    """Create the virtual environment, or say what the system lacks."""
    if has_venv():
        return
    version = "{}.{}".format(*sys.version_info)
    python = getattr(sys, "_base_executable", sys.executable)
    if subprocess.call([python, "-c", "import ensurepip, venv"], stderr=subprocess.DEVNULL):
        raise Failed(
            f"{python} cannot make virtual environments (ensurepip or venv is missing)."
            f"\nOn Debian and Ubuntu: sudo apt install python{version}-venv"
        )
    with Progress(f"Virtual environment in .venv (Python {version})") as progress:
        run([python, "-m", "venv", str(VENV)], progress)


def requirement_lines(name):
    """Return the requirements of one file, without comments, options and other files."""
    lines = (line.strip() for line in (ROOT / name).read_text().splitlines())
    return [line for line in lines if line and not line.startswith(("#", "-"))]


def torch_command(pin, *options):
    """Return the pip command for the torch step: one index more, and little patience for it."""
    index = os.environ.get("TORCH_INDEX_URL") or CPU_INDEX
    command = [str(PYTHON), "-m", "pip", "install", pin, "-c", "constraints.txt", *options]
    if index != "pypi":
        command += ["--extra-index-url", index, "--retries", "1", "--timeout", "10"]
    return command


def check_torch(pin, progress):
    """Ask pip which build it would take, and refuse the one that brings CUDA unasked."""
    index = os.environ.get("TORCH_INDEX_URL") or CPU_INDEX
    if sys.platform != "linux" or index == "pypi":
        return
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        run(torch_command(pin, "--dry-run", "--no-deps", "--report", str(report)), progress)
        chosen = json.loads(report.read_text())["install"]
    version = chosen[0]["metadata"]["version"] if chosen else "installed+already"
    if "+" not in version:
        raise Failed(CUDA_REFUSED.format(version=version, index=index))


def install_torch():
    """Install PyTorch on its own, so that no other step can choose its build."""
    pin = next(line for line in requirement_lines("requirements.txt") if "torch==" in line)
    with Progress("PyTorch, CPU build (about 200 MB)") as progress:
        check_torch(pin, progress)
        run(torch_command(pin), progress)


def install_packages(title, wanted):
    """Install with uv when it is there, and with pip otherwise or when uv cannot."""
    arguments = [*wanted, "-c", "constraints.txt"]
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    uv = shutil.which("uv")
    with Progress(title) as progress:
        if uv:
            try:
                target = ["--python", str(PYTHON), "--compile-bytecode"]
                run([uv, "pip", "install", *target, *arguments], progress)
            except Failed:
                say("  uv could not; trying pip")
            else:
                return
        run(pip, progress)


def install(lite, dev):
    """Bring the environment to the pinned versions."""
    names = ["requirements-lite.txt", "constraints.txt"]
    full = digest(ROOT / name for name in [*names, "requirements.txt"])
    light = digest(ROOT / name for name in names)
    if not is_stamped("full", full):
        if not lite:
            install_torch()
            models = [x for x in requirement_lines("requirements.txt") if "torch==" not in x]
            install_packages("Packages", ["-r", "requirements-lite.txt", *models])
            set_stamp("full", full)
        elif not is_stamped("lite", light):
            install_packages("Packages, without the models", ["-r", "requirements-lite.txt"])
            set_stamp("lite", light)
    tools = digest(ROOT / name for name in [*names, "requirements-dev.txt"])
    if dev and not is_stamped("dev", tools):
        install_packages("Tools for tests and checks", ["-r", "requirements-dev.txt"])
        find_or_fetch_browser()
        set_stamp("dev", tools)


def collect_static():
    """Gather the static files when they or the packages that bring some have changed."""
    files = [path for path in (ROOT / "static").rglob("*") if path.is_file()]
    files += [ROOT / "requirements-lite.txt", ROOT / "constraints.txt"]
    value = digest(files)
    if is_stamped("static", value) and (ROOT / "staticfiles").is_dir():
        return
    with Progress("Static files") as progress:
        run([str(PYTHON), "manage.py", "collectstatic", "--noinput"], progress)
    set_stamp("static", value)


def find_browser():
    """Return the browser for tests: named by CHROMIUM, on PATH, or fetched by playwright."""
    named = os.environ.get("CHROMIUM")
    if named:
        return shutil.which(named)
    on_path = (shutil.which(name) for name in BROWSERS)
    cache = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or "~/.cache/ms-playwright"
    fetched = sorted(glob.glob(os.path.expanduser(cache) + "/chromium-*/chrome-*/chrome"))
    return next(filter(None, [*on_path, *fetched[-1:]]), None)


def find_or_fetch_browser():
    """Look for a browser, try to fetch one, and go on without."""
    if find_browser():
        return
    try:
        with Progress("Browser for tests (playwright's Chromium)") as progress:
            run([str(PYTHON), "-m", "playwright", "install", "chromium"], progress)
    except Failed as failure:
        say(
            f"{failure}\nThe set-up goes on without a browser: browser tests are skipped (with"
            " CI=true they fail).\nTo have one: sudo apt install chromium, or set CHROMIUM to its"
            " path."
        )


def parse(arguments):
    """Read the command line; LITE=1 in the environment is the same as --lite."""
    parser = argparse.ArgumentParser(description="Set up CryptoDT in .venv.")
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    parser.add_argument("--lite", action="store_true", help="without the models (LITE=1)")
    parser.add_argument("--packages-only", action="store_true", help="no static files")
    options = parser.parse_args(arguments)
    options.lite |= os.environ.get("LITE", "").lower() in ("1", "true", "yes", "on")
    return options


def main(arguments):
    """Do the steps in order; the first that fails ends the run with its reason."""
    options = parse(arguments)
    try:
        go_on_with_newer_python()
        make_venv()
        install(options.lite, options.dev)
        if not options.packages_only:
            collect_static()
    except Failed as failure:
        say(f"\nSet-up stopped.\n{failure}")
        return 1
    except KeyboardInterrupt:
        say("\nSet-up interrupted; the same command goes on from here.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
