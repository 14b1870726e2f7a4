"""The house rules that no linter knows: sizes, docstrings, names, one file per registry row."""

import ast
import io
import re
import tokenize
from functools import cache
from pathlib import Path

from providers.registry import ROWS

ROOT = Path(__file__).resolve().parents[2]
APPS = ("cryptodt", "market", "sentiment", "providers", "accounts")
ADAPTERS = ROOT / "providers" / "adapters"
STREAMS = ROOT / "providers" / "streams"
PAYLOADS = ROOT / "providers" / "tests" / "payloads"

MODULE_LINES = 400
FUNCTION_LINES = 50
ADAPTER_LINES = 150
TEMPLATE_LINES = 200
SCRIPT_LINES = 250
COMMON_MODULES = 6
# Whoever is new reads it in one sitting, or not at all.
ARCHITECTURE_LINES = 120

VAGUE_NAME = re.compile(
    r"(^|_)(utils?|helpers?|misc|managers?|enhanced|unified|new|v\d+)(_|\d*$)|^base_|^common\d"
)
UNFINISHED = re.compile(r"\b(for now|placeholders?|fixme|todo(?!\(#\d+\)))\b", re.IGNORECASE)


@cache
def modules() -> list[Path]:
    """Every Python file we write by hand."""
    folders = [ROOT / name for name in (*APPS, "deploy", "bench")]
    found = [path for folder in folders for path in folder.rglob("*.py")]
    return sorted(path for path in [*found, ROOT / "manage.py"] if "migrations" not in path.parts)


def texts(folder: str, *endings: str) -> list[Path]:
    """Templates, scripts or styles, without what others wrote."""
    found = [path for path in (ROOT / folder).rglob("*") if path.suffix in endings]
    return sorted(path for path in found if "vendor" not in path.parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def longer_than(limit: int, paths: list[Path]) -> list[str]:
    return [f"{name(path)}: {lines(path)}" for path in paths if lines(path) > limit]


def adapter_files() -> set[str]:
    return {path.stem for path in ADAPTERS.glob("*.py") if path.stem != "__init__"}


def stream_files() -> set[str]:
    return {path.stem for path in STREAMS.glob("*.py") if path.stem != "__init__"}


def adapters_in_rows() -> set[str]:
    return {row.adapter.__module__.rpartition(".")[2] for row in ROWS}


def remarks(path: Path) -> list[tuple[int, str]]:
    """Comments and docstrings with the line each starts on."""
    source = path.read_text()
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    found = [(item.start[0], item.string) for item in tokens if item.type == tokenize.COMMENT]
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    nodes = [node for node in ast.walk(tree(path)) if isinstance(node, documented)]
    return found + [(getattr(node, "lineno", 1), ast.get_docstring(node) or "") for node in nodes]


def test_no_module_is_too_long():
    assert longer_than(MODULE_LINES, modules()) == []


def test_no_function_is_too_long():
    long = [
        f"{name(path)}:{node.lineno} {node.name}: {length}"
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    ]
    assert long == []


def test_the_plan_of_the_house_is_read_in_one_sitting():
    assert longer_than(ARCHITECTURE_LINES, [ROOT / "docs" / "architecture.md"]) == []


def test_no_adapter_is_too_long():
    paths = [*ADAPTERS.glob("*.py"), *STREAMS.glob("*.py")]
    assert longer_than(ADAPTER_LINES, sorted(paths)) == []


def test_no_template_is_too_long():
    assert longer_than(TEMPLATE_LINES, texts("templates", ".html", ".txt")) == []


def test_no_script_is_too_long():
    assert longer_than(SCRIPT_LINES, texts("static", ".js")) == []


def test_every_module_says_what_it_is_for():
    silent = [
        name(path) for path in modules() if path.read_text() and not ast.get_docstring(tree(path))
    ]
    assert silent == []


def test_the_foundation_stays_small():
    found = [path.stem for path in (ROOT / "cryptodt" / "common").glob("*.py")]
    assert len(set(found) - {"__init__"}) <= COMMON_MODULES, sorted(found)


def test_no_module_has_a_vague_name():
    vague = [name(path) for path in modules() if VAGUE_NAME.search(path.stem)]
    assert vague == []


def test_every_adapter_has_a_row_and_every_row_an_adapter():
    assert adapters_in_rows() == adapter_files()


def test_every_stream_has_a_row_of_its_name_and_a_payload():
    in_rows = {row.stream.__class__.__module__.rpartition(".")[2] for row in ROWS if row.stream}
    assert stream_files() == in_rows == {row.slug for row in ROWS if row.stream}
    assert [one for one in in_rows if not any((PAYLOADS / one).glob("stream_*"))] == []


def test_every_row_has_a_slug_of_its_own():
    slugs = [row.slug for row in ROWS]
    assert len(slugs) == len(set(slugs))


def test_every_adapter_has_a_payload():
    without = [stem for stem in sorted(adapter_files()) if not any((PAYLOADS / stem).glob("*"))]
    assert without == []


def test_every_payload_belongs_to_an_adapter_or_a_stream():
    folders = {path.name for path in PAYLOADS.glob("*") if path.is_dir()}
    assert folders <= adapter_files() | stream_files()


def test_nothing_is_left_unfinished_in_a_module():
    found = [
        f"{name(path)}:{line}"
        for path in modules()
        for line, remark in remarks(path)
        if UNFINISHED.search(remark)
    ]
    assert found == []


def test_nothing_is_left_unfinished_on_a_page():
    paths = texts("templates", ".html", ".txt") + texts("static", ".js", ".css")
    words = re.compile(r"\b(for now|fixme|todo)\b", re.IGNORECASE)
    assert [name(path) for path in paths if words.search(path.read_text())] == []
