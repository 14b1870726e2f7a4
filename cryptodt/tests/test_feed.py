"""The feed as its clients use it: version 1 over a socket, and the same over plain HTTP."""

import json
import threading
from contextlib import ExitStack, suppress

import pytest
import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from cryptodt.closing import NO_AUTH, RESTARTING, TOO_MANY_MESSAGES, WRONG_KEY
from cryptodt.tests.running import Service


def url(service: Service, query: str = "") -> str:
    return service.url.replace("http", "ws") + "/ws" + query


class Talk:
    """A socket of version 1 after its welcome."""

    def __init__(self, service, query="", **options):
        options.setdefault("subprotocols", ["cryptodt.v1"])
        # It reads all the time, however seldom a test looks.
        options |= {"max_queue": None, "ping_interval": None}
        self.stack = ExitStack()
        self.socket = self.stack.enter_context(connect(url(service, query), **options))
        self.welcome = self.next()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def say(self, **parts):
        self.socket.send(json.dumps(parts))

    def next(self, kind=None):
        while True:
            told = json.loads(self.socket.recv(timeout=20))
            if kind is None or told["type"] == kind:
                return told

    def subscribe(self, topic, **parts):
        self.say(type="subscribe", topic=topic, **parts)
        return self.next()


def test_the_welcome_says_who_one_is_and_what_there_is(demo: Service):
    with Talk(demo) as talk:
        assert talk.socket.subprotocol == "cryptodt.v1"
        welcome = talk.welcome
    assert (welcome["type"], welcome["protocol"]) == ("welcome", 1)
    assert welcome["limits"]["tier"] == "anonymous"
    topics = [one["topic"] for one in welcome["topics"]]
    assert topics == [
        "prices[:<symbol>]",
        "candles:<pair>:<interval>",
        "overview",
        "status",
        "test",
    ]
    assert {"session", "server_time", "heartbeat", "epoch", "window", "market"} <= welcome.keys()


def test_a_snapshot_comes_first_and_then_every_message_in_its_place(demo: Service):
    with Talk(demo) as talk:
        reply = talk.subscribe("prices:btc", id="mine")
        assert (reply["type"], reply["topic"], reply["id"]) == ("subscribed", "prices:BTC", "mine")
        snapshot = talk.next()
        assert (snapshot["type"], snapshot["snapshot"]) == ("snapshot", True)
        place = snapshot["offset"]
        assert place == reply["offset"]
        for _ in range(3):
            update = talk.next("update")
            place += 1
            assert (update["topic"], update["offset"]) == ("prices:BTC", place)
            assert update["ts"] <= update["sent"]
            assert update["data"][0]["symbol"] == "BTC"


def test_history_and_feed_join_without_a_seam(demo: Service):
    stream = demo.get("/api/prices?symbols=BTC")[1]["stream"]
    demo.wait_until(
        lambda: demo.get("/api/prices?symbols=BTC")[1]["stream"]["offset"] > stream["offset"] + 1
    )
    since = {"epoch": stream["epoch"], "offset": stream["offset"]}
    with Talk(demo) as talk:
        reply = talk.subscribe(stream["topic"], **{"from": since})
        assert reply["recovered"] is True
        assert reply["missed"] >= 2
        told = [talk.next() for _ in range(reply["missed"])]
        assert [one["offset"] for one in told] == [
            stream["offset"] + 1 + n for n in range(reply["missed"])
        ]
        after = talk.next()
        assert (after["type"], after["recovered"], after["offset"]) == (
            "recovered",
            True,
            reply["offset"],
        )
        assert talk.next("update")["offset"] == reply["offset"] + 1


@pytest.mark.parametrize(
    ("since", "reason"),
    [({"epoch": "another", "offset": 1}, "epoch"), ({"offset": 10**9}, "ahead")],
)
def test_what_cannot_be_resumed_says_so_and_starts_with_a_snapshot(demo: Service, since, reason):
    with Talk(demo) as talk:
        since = {"epoch": talk.welcome["epoch"], **since}
        reply = talk.subscribe("prices", **{"from": since})
        assert reply["recovered"] is False
        required = talk.next()
        assert (required["type"], required["reason"]) == ("snapshot_required", reason)
        assert talk.next()["type"] == "snapshot"


def test_a_restart_is_announced_with_the_time_to_come_back(tmp_path, own_database):
    service = Service(tmp_path, dict(own_database)).start()
    with ExitStack() as stack:
        talks = [stack.enter_context(Talk(service)) for _ in range(12)]
        events = stack.enter_context(Events(service, "test"))
        assert events.next()[1]["type"] == "subscribed"
        stopping = threading.Thread(target=service.stop)
        stopping.start()
        waits = [talk.next("shutdown")["reconnect_in_ms"] for talk in talks]
        assert all(500 <= wait <= 5000 for wait in waits)
        # Not all at once; that two of them fall on the same millisecond is no wonder.
        assert len(set(waits)) > len(waits) / 2
        assert {closed_with(talk) for talk in talks} == {RESTARTING.code}
        told = events.next()[1]
        while told["type"] not in ("shutdown", "closed"):
            told = events.next()[1]
        assert 500 <= told["reconnect_in_ms"] <= 5000
        assert events.next()[1]["code"] == RESTARTING.code
        stopping.join()


def test_the_test_stream_is_the_clocks_and_can_be_resumed_by_anybody(demo: Service):
    with Talk(demo) as talk:
        reply = talk.subscribe("test")
        since = {"epoch": reply["epoch"], "offset": reply["offset"] - 60}
        again = talk.subscribe("test", **{"from": since})
        while again["type"] != "subscribed" or not again["recovered"]:
            again = talk.next()
        assert again["missed"] >= 60


def test_a_topic_that_is_not_there_is_refused_and_the_others_are_had(demo: Service):
    with Talk(demo) as talk:
        talk.say(type="subscribe", topics=["news", "prices:NOPE", "test"], id=3)
        first, second = talk.next(), talk.next()
        assert (first["code"], first["topic"], first["id"]) == ("UNKNOWN_TOPIC", "news", 3)
        assert "candles:<pair>:<interval>" in first["accepted"]
        assert second["code"] == "INVALID_SYMBOL"
        assert talk.next()["topic"] == "test"


@pytest.mark.parametrize(
    "parts",
    [
        {"topic": []},
        {"topics": {}},
        {"topics": []},
        {"topics": [None]},
        {"topic": "x" * 200},
        {"topic": "prices", "from": 7},
        {"topic": "prices", "from": {"epoch": "e", "offset": -1}},
        {"topic": "prices", "from": {"epoch": "e", "offset": True}},
        {"topic": "prices", "throttle_ms": -1},
        {"topic": "prices", "throttle_ms": 1.5},
        {"topic": "prices", "fields": "price"},
        {"topic": "prices", "fields": []},
        {"topic": "test", "throttle_ms": 100},
        {"topic": "candles:BTCUSDT"},
        {"topic": "candles:BTCUSDT:2m"},
        {"topic": "overview:BTC"},
    ],
)
def test_nonsense_is_refused_and_the_connection_goes_on(demo: Service, parts):
    with Talk(demo) as talk:
        assert talk.subscribe(**parts)["type"] == "error" if "topic" in parts else True
        if "topics" in parts:
            talk.say(type="subscribe", **parts)
            assert talk.next()["type"] == "error"
        talk.say(type="ping")
        assert talk.next("pong")["timestamp"] > 0


def test_who_unsubscribed_is_told_nothing_more(demo: Service):
    with Talk(demo) as talk:
        talk.subscribe("test")
        talk.next("update")
        talk.say(type="unsubscribe", topic="test")
        assert talk.next("unsubscribed")["was_subscribed"] is True
        talk.subscribe("prices")
        for _ in range(4):
            assert talk.next().get("topic") != "test"


def test_of_many_that_are_given_up_an_unknown_one_is_told_and_the_others_end(demo: Service):
    with Talk(demo) as talk:
        talk.subscribe("test")
        talk.say(type="unsubscribe", topics=["news", "test", "prices"], id=4)
        told = talk.next("error")
        assert (told["code"], told["topic"], told["id"]) == ("UNKNOWN_TOPIC", "news", 4)
        ended = [talk.next("unsubscribed") for _ in range(2)]
        assert [(one["topic"], one["was_subscribed"]) for one in ended] == [
            ("test", True),
            ("prices", False),
        ]


def closed_with(talk):
    """Read to the end, and return with which code it came."""
    while True:
        try:
            talk.next()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


@pytest.mark.parametrize(
    "options",
    [
        {"additional_headers": {"X-API-Key": "cdt_wrong"}},
        {"additional_headers": {"Authorization": "Bearer wrong"}},
        {"subprotocols": ["cryptodt.v1", "bearer.wrong"]},
    ],
)
def test_a_wrong_key_is_told_and_closed_as_a_policy_violation(demo: Service, options):
    with Talk(demo, **options) as talk:
        assert (talk.welcome["type"], talk.welcome["code"]) == ("error", "UNAUTHORIZED")
        assert closed_with(talk) == WRONG_KEY.code


def test_a_first_message_may_show_a_key_and_a_wrong_one_ends_it(demo: Service):
    with Talk(demo, "?auth=message") as talk:
        assert talk.subscribe("test")["code"] == "UNAUTHORIZED"
        talk.say(type="auth", key="cdt_wrong")
        assert talk.next()["code"] == "UNAUTHORIZED"
        assert closed_with(talk) == WRONG_KEY.code


def test_who_announces_itself_and_does_not_do_it_is_closed(demo: Service):
    with Talk(demo, "?auth=message") as talk:
        # Whatever else is said wins no time.
        for _ in range(3):
            talk.say(type="ping")
            assert talk.next()["code"] == "UNAUTHORIZED"
        assert closed_with(talk) == NO_AUTH.code


def test_a_topic_that_is_named_often_is_wanted_once(demo: Service):
    with Talk(demo) as talk:
        talk.say(type="subscribe", topics=["test"] * 250, id="all")
        talk.say(type="ping")
        told = [talk.next()]
        while told[-1]["type"] != "pong":
            told.append(talk.next())
        assert [one["type"] for one in told].count("subscribed") == 1


def test_what_names_many_topics_counts_as_many_messages(demo: Service):
    with Talk(demo) as talk:
        for turn in range(8):
            talk.say(type="subscribe", topics=[f"{turn} {number}" for number in range(250)])
        assert closed_with(talk) == TOO_MANY_MESSAGES.code


def test_a_flood_of_messages_is_closed_and_nobody_else_notices(demo: Service):
    with Talk(demo) as other, Talk(demo) as talk:
        other.subscribe("test")
        with suppress(ConnectionClosed):
            for _ in range(2000):
                talk.say(type="ping")
        assert closed_with(talk) == TOO_MANY_MESSAGES.code
        assert other.next("update")["topic"] == "test"


class Events:
    def __init__(self, service, topics, last=None, headers=None):
        headers = {**(headers or {}), **({"Last-Event-ID": last} if last else {})}
        self.answer = requests.get(
            f"{service.url}/api/stream",
            {"topics": topics},
            headers=headers,
            stream=True,
            timeout=20,
        )
        self.lines = self.answer.iter_lines(decode_unicode=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.answer.close()

    def next(self):
        found = {}
        for line in self.lines:
            name, _, value = line.partition(": ")
            if line:
                found[name] = value
            elif "data" in found:
                return found["id"], json.loads(found["data"])
        raise EOFError


def test_the_same_messages_come_over_plain_http_and_go_on_after_a_break(demo: Service):
    with Events(demo, "prices:btc,test") as events:
        kinds: list[tuple[str, str]] = []
        while len(kinds) < 4:
            _, told = events.next()
            # An update of the first topic may come before the second is answered.
            if told["type"] != "update":
                kinds.append((told["topic"], told["type"]))
        assert kinds == [
            (topic, kind)
            for topic in ("prices:BTC", "test")
            for kind in ("subscribed", "snapshot")
        ]
        last, told = events.next()
        while told["topic"] != "prices:BTC":
            last, told = events.next()
    with Events(demo, "prices:BTC,test", last) as events:
        offsets: list[int] = []
        while len(offsets) < 2:
            _, again = events.next()
            assert again["type"] != "snapshot"
            if again["type"] == "update" and again["topic"] == "prices:BTC":
                offsets.append(again["offset"])
    assert offsets == [told["offset"] + 1, told["offset"] + 2]


@pytest.mark.parametrize(
    ("topics", "code"), [("", 400), ("news", 404), ("prices:NOPE", 400), ("test," * 30, 200)]
)
def test_a_stream_of_nothing_is_an_error_with_a_status(demo: Service, topics, code):
    with Events(demo, topics) as events:
        assert events.answer.status_code == code


def test_a_stream_is_for_our_own_names_only(demo: Service):
    headers = {"Host": "elsewhere.test"}
    with Events(demo, "test", headers=headers) as events:
        status, refused = events.answer.status_code, events.answer.json()
    plain = requests.get(f"{demo.url}/api/health", headers=headers, timeout=5)
    assert (status, refused["error"]) == (plain.status_code, plain.json()["error"])
    assert status == 400


def test_streams_hold_none_of_the_threads_that_answer(demo: Service):
    streams = [Events(demo, "test") for _ in range(10)]
    assert demo.get("/api/health")[0] == 200
    assert demo.get("/api/providers")[0] == 200
    for stream in streams:
        stream.answer.close()
