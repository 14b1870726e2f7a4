"""Log lines: one JSON object each, with an id, and without anything secret."""

import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptodt.common.logs import LONGEST, JsonFormatter, begin_trace, scrub, trace_id, traced


def line(message="hello", *args, exc_info=None, **extra):
    record = logging.LogRecord("our.logger", logging.WARNING, __file__, 1, message, args, exc_info)
    vars(record).update(extra)
    return JsonFormatter().format(record)


@pytest.mark.parametrize(
    "text",
    [
        "GET https://api.test/v1/coins?x_cg_demo_api_key=hush failed",
        "Max retries exceeded with url: /api/v3/price?x_cg_demo_api_key=hush (Caused by ...)",
        "x_cg_demo_api_key=hush",
        "headers: {'X-API-Key': 'hush', 'Accept': '*/*'}",
        '{"apiKey": "hush"}',
        "Authorization: Bearer hush",
        "SECRET_KEY=hush",
        "access_token=hush&page=2",
        "password: hush",
        "cannot connect to redis://:hush@cache:6379/0",
        "postgres://trader:hush@db/prices is down",
    ],
)
def test_nothing_secret_survives(text):
    assert "hush" not in scrub(text)
    assert "hush" not in line(text)
    assert "hush" not in line("%s", text)
    assert "hush" not in line(fields={"failures": {"coingecko": text}, "all": [text]})


def test_a_field_that_is_named_like_a_secret_is_not_written():
    written = json.loads(line(fields={"api_key": "hush", "ms": 1.5, "symbol": None}))
    assert (written["api_key"], written["ms"], written["symbol"]) == ("***", 1.5, None)


def test_a_secret_in_a_traceback_is_not_written():
    try:
        raise ValueError("https://api.test/?key=hush")
    except ValueError:
        written = line(exc_info=sys.exc_info())
    assert "hush" not in written
    assert "ValueError" in json.loads(written)["exception"]


def test_what_is_not_secret_stays_readable():
    text = "kraken is left out: https://api.kraken.com/0/public did not answer (why? nobody knows)"
    assert scrub(text) == text


@given(st.text())
def test_any_message_is_one_line_of_json(text):
    written = line("%s", text, fields={"text": text})
    assert "\n" not in written
    assert json.loads(written)["level"] == "warning"


def test_a_line_carries_the_id_of_its_request():
    with traced("outer"):
        with traced("inner"):
            assert json.loads(line())["trace"] == "inner"
        assert trace_id() == "outer"
    assert "trace" not in json.loads(line())


def test_a_task_begins_its_own_trace():
    with traced("before"):
        begin_trace("task-1")
        assert json.loads(line())["trace"] == "task-1"
    assert trace_id() == ""


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "hostile", ["secret" * 3000, "a" * 60000, "://" + ":" * 20000, "?" * 50000, "token=" * 10000]
)
def test_a_hostile_text_is_scrubbed_at_once(hostile):
    """A pattern that tries every split again needs minutes for these."""
    assert len(scrub(hostile)) <= LONGEST + len("...")
