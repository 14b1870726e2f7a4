"""Older clients over a real socket: each dialect from its first word to its last, and its limits."""

import itertools
import json
from decimal import Decimal
from typing import Any

import pytest

from cryptodt.protocol import LONGEST_THROTTLE, MOST_SUBSCRIPTIONS
from cryptodt.tests.running import Service
from cryptodt.tests.test_feed import Talk
from cryptodt.topics import topic_of

# What is asked for, what the answer says beside it, and as what news of BTC then comes.
ROWS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "channel": (
        {"type": "subscribe", "channel": "market_data", "symbols": ["BTC"]},
        {"channel": "market_data", "symbols": ["BTC"]},
        {"type": "market_update", "channel": "market_data"},
    ),
    "service": (
        {"action": "subscribe", "service": "market_data", "symbols": ["BTC"]},
        {"service": "market_data", "symbols": ["BTC"]},
        {"type": "market_update", "service": "market_data"},
    ),
    "services": (
        {"type": "subscribe", "services": ["market_data", "sentiment", "news"]},
        {"services": ["market_data"], "unavailable": ["sentiment", "news"]},
        {"type": "market_update", "channel": "market_data"},
    ),
    "symbol": (
        {"type": "subscribe", "symbol": "BTC"},
        {"symbols": ["BTC"]},
        {"type": "price_update", "symbol": "BTC"},
    ),
    "channels": (
        {"action": "subscribe", "channels": ["market.BTC", "news.crypto"]},
        {"channels": ["market.BTC"], "unavailable": ["news.crypto"]},
        {"type": "update", "channel": "market.BTC", "symbol": "BTC"},
    ),
}


class OldTalk(Talk):
    """A socket of a client that has never heard of version 1."""

    def __init__(self, service):
        super().__init__(service, subprotocols=None)
        assert self.welcome["type"] == "connected"
        assert self.next()["type"] == "welcome"

    def next(self, kind=None):
        while True:
            told = json.loads(self.socket.recv(timeout=20), parse_float=Decimal)
            if told["type"] != "heartbeat" and kind in (None, told["type"]):
                return told


def says(told, expected):
    return expected.items() <= told.items()


def bitcoin_in(told):
    """Return what a message says of BTC, whether it speaks of one asset or of many."""
    if isinstance(told["data"], dict):
        assert told["price"] == told["data"]["price"]
        return told["data"]
    return next((one for one in told["data"] if one["symbol"] == "BTC"), None)


def ending(asked):
    return {
        **asked,
        **{word: "unsubscribe" for word in ("type", "action") if word in asked},
    }


@pytest.mark.parametrize("dialect", ROWS)
def test_a_dialect_is_understood_and_answered_in_its_own_words(demo: Service, dialect):
    asked, reply, news = ROWS[dialect]
    with OldTalk(demo) as talk:
        talk.say(**asked)
        assert says(talk.next(), {"type": "subscribed", **reply})
        snapshot = talk.next()
        assert says(snapshot, {**news, "snapshot": True})
        assert bitcoin_in(snapshot)["symbol"] == "BTC"
        told = talk.next(news["type"])
        while (found := bitcoin_in(told)) is None:
            told = talk.next(news["type"])
        assert says(told, {**news, "snapshot": False})
        assert found["price"] == Decimal(found["priceExact"])
        assert abs(told["timestamp"] - talk.welcome["server_time"]) < 60_000

        talk.say(type="pong")
        talk.say(type="ping")
        assert talk.next("pong")["timestamp"] >= told["timestamp"]
        talk.say(type="get_stats")
        stats = talk.next("stats_update")["data"]
        assert stats["active_connections"] >= 1
        assert len(stats["subscriptions"]) == 1

        talk.say(**ending(asked))
        assert says(talk.next("unsubscribed"), reply)
        talk.say(type="subscribe", topic="prices:BTC")
        seen = [talk.next(), talk.next()]
        while len([one for one in seen if one["type"] == "update"]) < 2:
            seen.append(talk.next())
        # Only version 1 has topics.
        assert all(one.get("topic") == "prices:BTC" for one in seen)


def test_what_is_added_and_taken_away_changes_what_is_told(demo: Service):
    def told_of(talk):
        return {one["symbol"] for one in talk.next("market_update")["data"]}

    with OldTalk(demo) as talk:
        for symbol in ("BTC", "ETH"):
            talk.say(type="subscribe", channel="market_data", symbols=[symbol])
            assert talk.next("subscribed")["symbols"] == [symbol]
            # The snapshot is of what is new alone.
            assert told_of(talk) == {symbol}
        while told_of(talk) != {"BTC", "ETH"}:
            pass
        talk.say(type="unsubscribe", channel="market_data", symbols=["BTC"])
        talk.next("unsubscribed")
        assert [told_of(talk) for _ in range(2)] == [{"ETH"}] * 2


@pytest.mark.parametrize(
    ("asked", "missing"),
    [
        ({"channel": "sentiment"}, ["sentiment"]),
        ({"channel": "news"}, ["news"]),
        ({"channel": "trading_signals"}, ["trading_signals"]),
        ({"service": "news"}, ["news"]),
        ({"services": ["sentiment", "trading_signals"]}, ["sentiment", "trading_signals"]),
        ({"channels": ["news.crypto", "weather"]}, ["news.crypto", "weather"]),
    ],
)
def test_what_is_not_offered_is_named_and_the_connection_goes_on(demo: Service, asked, missing):
    with OldTalk(demo) as talk:
        talk.say(type="subscribe", **asked, id="old")
        told = talk.next()
        assert (told["type"], told["code"]) == ("error", "UNKNOWN_TOPIC")
        assert (told["unavailable"], told["id"]) == (missing, "old")
        talk.say(type="ping")
        assert talk.next()["type"] == "pong"


def spellings(word):
    """Return a word in every mixture of large and small letters."""
    pairs = [(letter.upper(), letter.lower()) for letter in word]
    return ["".join(letters) for letters in itertools.product(*pairs)]


def test_a_connection_holds_so_many_subscriptions_and_no_more(demo: Service):
    every = [f"market.{one}" for one in spellings("BTCUSDT") + spellings("ETHUSDT")]
    full, more = every[:MOST_SUBSCRIPTIONS], every[MOST_SUBSCRIPTIONS]
    with OldTalk(demo) as talk:
        talk.say(type="subscribe", channels=full)
        assert talk.next("subscribed")["channels"] == full
        talk.say(type="subscribe", channels=[full[0], more], id="old")
        refused = talk.next("error")
        assert (refused["code"], refused["id"]) == ("RATE_LIMITED", "old")
        assert f"At most {MOST_SUBSCRIPTIONS}" in refused["message"]
        talk.say(type="subscribe", topic="test", id=7)
        refused = talk.next("error")
        assert (refused["code"], refused["topic"], refused["id"]) == ("RATE_LIMITED", "test", 7)
        # What is there already may be asked for again, and what is given up makes room.
        talk.say(type="subscribe", channels=full[:1])
        talk.next("subscribed")
        talk.say(type="unsubscribe", channels=full[:1])
        talk.next("unsubscribed")
        talk.say(type="subscribe", topic="test")
        assert talk.next("subscribed")["topic"] == "test"
        talk.say(type="get_stats")
        assert len(talk.next("stats_update")["data"]["subscriptions"]) == MOST_SUBSCRIPTIONS


@pytest.mark.parametrize("count", [0, MOST_SUBSCRIPTIONS + 1])
def test_no_message_names_more_topics_than_a_connection_holds(demo: Service, count):
    with OldTalk(demo) as talk:
        for word in ("topics", "channels", "services"):
            talk.say(type="subscribe", **{word: ["test"] * count}, id=word)
            told = talk.next()
            assert (told["type"], told["code"]) == ("error", "INVALID_REQUEST")
            assert (told["id"], f"1 to {MOST_SUBSCRIPTIONS}" in told["message"]) == (word, True)
        talk.say(type="ping")
        assert talk.next()["type"] == "pong"


def test_a_throttle_is_never_longer_than_half_the_silence_that_makes_it_stale(demo: Service):
    with Talk(demo) as talk:
        bounds = {
            one["topic"]: min(LONGEST_THROTTLE, int(one["silent_after"] * 500))
            for one in talk.welcome["topics"]
            if one["kind"] == "state"
        }
        assert bounds["prices[:<symbol>]"] == topic_of("prices").longest_throttle
        for shown, longest in bounds.items():
            topic = shown.partition("[")[0]
            talk.say(type="subscribe", topic=topic, throttle_ms=longest)
            reply = talk.next("subscribed")
            assert (reply["topic"], reply["throttle_ms"]) == (topic, longest)
            talk.say(type="subscribe", topic=topic, throttle_ms=longest + 1, id="longer")
            refused = talk.next("error")
            assert (refused["code"], refused["id"]) == ("INVALID_REQUEST", "longer")
            assert str(longest) in refused["message"]
        for topic in ("test", "candles:BTCUSDT:1m"):
            talk.say(type="subscribe", topic=topic, throttle_ms=1)
            refused = talk.next("error")
            assert (refused["code"], refused["topic"]) == ("INVALID_REQUEST", topic)
            assert "messages count" in refused["message"]
        talk.say(type="ping")
        talk.next("pong")
