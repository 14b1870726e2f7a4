"""The documents of the live feed: what they say is what is sent, and nothing is left out."""

import json

import jsonschema  # type: ignore[import-untyped]
import pytest

from cryptodt.asyncapi import document
from cryptodt.closing import CLOSINGS
from cryptodt.frame_table import FRAMES, SERVER
from cryptodt.live import Connection
from cryptodt.tests.running import ROOT, Service
from cryptodt.tests.test_feed import Talk
from cryptodt.topics import TOPICS, shown

DOCS = (ROOT / "docs" / "live.md").read_text()
SCHEMAS = {one.name: one.schema for one in FRAMES if one.sender == SERVER}


@pytest.mark.parametrize("frame", FRAMES, ids=lambda one: f"{one.sender}-{one.name}")
def test_every_frame_and_field_is_described(frame):
    assert f"**`{frame.name}`** {frame.about}" in DOCS
    for field in frame.fields:
        mark = " (optional)" if field.is_optional else ""
        assert f"| `{field.name}`{mark} | {field.about} |" in DOCS


def test_every_topic_and_close_code_is_described():
    for row in TOPICS:
        assert f"| `{shown(row)}` | {'state' if row.is_state else 'event'} | {row.about} |" in DOCS
    for one in CLOSINGS:
        assert f"| {one.code} | {one.reason} | {one.advice} |" in DOCS


def test_everything_that_is_understood_is_described():
    assert {one.name for one in FRAMES if one.sender != SERVER} == set(Connection.HANDLERS)


def test_close_codes_say_whether_to_come_back():
    assert len({one.code for one in CLOSINGS}) == len(CLOSINGS)
    for one in CLOSINGS:
        if one.code >= 4000:
            assert one.advice.startswith("Come back") is (one.code < 4500)


def test_the_document_is_served_and_its_references_lead_somewhere(client, db):
    served = client.get("/asyncapi.json").json()
    assert served == json.loads(json.dumps(document()))
    messages = served["channels"]["live"]["messages"]
    assert messages.keys() == served["components"]["messages"].keys()
    for operation in served["operations"].values():
        for one in operation["messages"]:
            assert one["$ref"].rpartition("/")[2] in messages


def test_what_is_sent_is_what_is_described(demo: Service):
    seen = set()
    with Talk(demo) as talk:
        epoch = talk.welcome["epoch"]
        told = [talk.welcome]
        talk.say(type="subscribe", topics=["prices", "news", "test"], throttle_ms=0, id=1)
        talk.say(type="subscribe", topic="overview", **{"from": {"epoch": "no", "offset": 1}})
        talk.say(type="subscribe", topic="status", **{"from": {"epoch": epoch, "offset": 1}})
        talk.say(type="unsubscribe", topic="overview")
        talk.say(type="ping")
        talk.say(type="get_stats")
        while told[-1]["type"] != "heartbeat":
            told.append(talk.next())
    for one in told:
        jsonschema.validate(one, SCHEMAS[one["type"]])
        seen.add(one["type"])
    assert seen >= SCHEMAS.keys() - {"authenticated", "closed", "stale", "shutdown", "recovered"}
