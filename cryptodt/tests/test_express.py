"""The express lane says what the views say, and never for longer than it is true."""

import asyncio
import time
from collections import Counter

import pytest
import requests
import time_machine

from accounts import counter
from cryptodt.express import MOST_ANSWERS, ROUTES, Answers, ExpressLane
from cryptodt.hub import HUB

PATH = "/api/prices"
# Names a part of the answer, which the lane does not deal in: it goes the long way.
LONG_WAY = {"Range": "bytes=0-"}
NOON = "2026-05-04T12:00:00.2Z"


@pytest.fixture(autouse=True)
def _no_hub(monkeypatch, settings):
    monkeypatch.setattr(HUB, "start", lambda: None)
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, 10_000)
    # What the views would do first: have this process take some of what the caller has.
    counter.take("address:unknown:prices", 10_000, 60, time.time())


@pytest.fixture
def clock():
    """A clock that stands, and a caller of whom this process holds enough."""
    with time_machine.travel(NOON, tick=False) as traveler:
        yield traveler


class Views:
    """Stands where the views are: counts what it is asked, and answers with the count."""

    def __init__(self, status=200, headers=()):
        self.asked: Counter[tuple[str, bytes]] = Counter()
        self.status = status
        self.headers = list(headers)
        self.pause = asyncio.Event()
        self.pause.set()

    async def __call__(self, scope, receive, send):
        self.asked[scope["path"], scope["query_string"]] += 1
        number = sum(self.asked.values())
        await self.pause.wait()
        etag = (b"ETag", b'W/"%d"' % number)
        start = {"type": "http.response.start", "status": self.status}
        await send({**start, "headers": [etag, (b"X-Request-ID", b"views"), *self.headers]})
        await send({"type": "http.response.body", "body": b"answer ", "more_body": True})
        await send({"type": "http.response.body", "body": b"%d" % number})


async def ask(lane, path=PATH, query=b"", method="GET", headers=()):
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "scheme": "http", "method": method, "path": path}
    scope |= {"query_string": query, "headers": [(b"host", b"here"), *headers]}
    await lane(scope, None, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], {n.lower(): v for n, v in sent[0]["headers"]}, body


@pytest.mark.asyncio
async def test_the_views_answer_once_a_second(clock):
    views = Views()
    lane = ExpressLane(views, Answers())
    first = await ask(lane)
    assert [(await ask(lane))[2] for _ in range(20)] == [first[2]] * 20
    clock.shift(0.7)
    assert (await ask(lane))[2] == b"answer 1"
    clock.shift(0.2)
    assert (await ask(lane))[2] == b"answer 2"


@pytest.mark.asyncio
async def test_news_of_the_topic_is_seen_at_once(clock):
    lane = ExpressLane(Views(), Answers())
    await ask(lane)
    lane.answers.forget("another")
    assert (await ask(lane))[2] == b"answer 1"
    lane.answers.forget(ROUTES[PATH])
    assert (await ask(lane))[2] == b"answer 2"


@pytest.mark.asyncio
async def test_an_answer_that_news_overtook_is_given_to_nobody_else(clock):
    views = Views()
    lane = ExpressLane(views, Answers())
    views.pause.clear()
    first = asyncio.create_task(ask(lane))
    await asyncio.sleep(0)
    lane.answers.forget(ROUTES[PATH])
    views.pause.set()
    assert (await first)[2] == b"answer 1"
    assert (await ask(lane))[2] == b"answer 2"


@pytest.mark.asyncio
async def test_many_that_ask_at_once_cost_one_question(clock):
    views = Views()
    lane = ExpressLane(views, Answers())
    views.pause.clear()
    asking = [asyncio.create_task(ask(lane)) for _ in range(50)]
    await asyncio.sleep(0)
    views.pause.set()
    assert {body for _, _, body in await asyncio.gather(*asking)} == {b"answer 1"}
    assert sum(views.asked.values()) == 1


@pytest.mark.asyncio
async def test_everything_an_answer_depends_on_makes_another_answer(clock):
    views = Views()
    lane = ExpressLane(views, Answers())
    for query in (b"", b"symbols=BTC", b"symbols=ETH"):
        await ask(lane, query=query)
    await ask(lane, headers=[(b"host", b"elsewhere")])
    assert sum(views.asked.values()) == 4


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "headers",
    [(b"cookie", b"sessionid=1"), (b"authorization", b"Bearer 1"), (b"x-api-key", b"1"),
     (b"authorization", b"Basic 1"), (b"accept", b"text/html"), (b"accept", b"application/problem+json"),
     (b"accept", b"text/csv, application/json"), (b"range", b"bytes=0-1"), (b"host", b"two")],
)  # fmt: skip
async def test_what_is_anybodys_own_goes_the_long_way(clock, headers):
    views = Views()
    lane = ExpressLane(views, Answers())
    await ask(lane)
    assert (await ask(lane, headers=[headers]))[2] == b"answer 2"
    assert (await ask(lane, headers=[headers]))[2] == b"answer 3"


@pytest.mark.asyncio
async def test_other_methods_and_places_go_the_long_way(clock):
    views = Views()
    lane = ExpressLane(views, Answers())
    for _ in range(2):
        await ask(lane, method="POST")
        await ask(lane, path="/api/health")
    assert sum(views.asked.values()) == 4


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "views",
    [lambda: Views(status=503), lambda: Views(headers=[(b"Set-Cookie", b"a=b")])],
    ids=["an error", "a cookie"],
)
async def test_what_is_not_for_everybody_is_not_kept(clock, views):
    lane = ExpressLane(views(), Answers())
    assert (await ask(lane))[2] == b"answer 1"
    assert (await ask(lane))[2] == b"answer 2"


@pytest.mark.asyncio
async def test_an_error_reaches_all_who_waited(clock):
    views = Views(status=503)
    lane = ExpressLane(views, Answers())
    views.pause.clear()
    asking = [asyncio.create_task(ask(lane)) for _ in range(5)]
    await asyncio.sleep(0)
    views.pause.set()
    assert {status for status, _, _ in await asyncio.gather(*asking)} == {503}


@pytest.mark.asyncio
async def test_who_has_it_already_is_told_so_and_spared_the_body(clock):
    lane = ExpressLane(Views(), Answers())
    for condition in (b'W/"1"', b'"1"', b'"x", W/"1"', b"*"):
        status, headers, body = await ask(lane, headers=[(b"if-none-match", condition)])
        assert (status, body, headers[b"etag"]) == (304, b"", b'W/"1"')
    assert (await ask(lane, headers=[(b"if-none-match", b'"2"')]))[0] == 200


@pytest.mark.asyncio
async def test_no_news_costs_nothing_whether_it_was_kept_or_made_anew(clock):
    window = ("address:unknown:prices", 10_000, 60, time.time())

    async def views(scope, receive, send):
        counter.take(*window)
        start = {"type": "http.response.start", "status": 200, "headers": [(b"etag", b'"one"')]}
        await send(start)
        await send({"type": "http.response.body", "body": b"answer"})

    lane = ExpressLane(views, Answers())
    left = counter.lease_of(*window).remaining
    for _ in range(3):
        status, told, _ = await ask(lane, headers=[(b"if-none-match", b'"one"')])
        assert status == 304
        assert int(told[b"x-ratelimit-remaining"]) == left
    assert counter.lease_of(*window).remaining == left
    await ask(lane)
    assert counter.lease_of(*window).remaining == left - 1


@pytest.mark.asyncio
async def test_each_answer_has_the_id_of_its_own_request(clock):
    lane = ExpressLane(Views(), Answers())
    ids = {(await ask(lane))[1][b"x-request-id"] for _ in range(3)}
    assert len(ids) == 3
    mine = [(b"x-request-id", b"my-own-request")]
    assert (await ask(lane, headers=mine))[1][b"x-request-id"] == b"my-own-request"


@pytest.mark.asyncio
async def test_a_flood_of_different_questions_stays_small(clock):
    lane = ExpressLane(Views(), Answers())
    for number in range(MOST_ANSWERS + 50):
        await ask(lane, query=b"symbols=%d" % number)
    assert len(lane.answers) == MOST_ANSWERS


@pytest.mark.asyncio
async def test_a_failure_of_the_views_leaves_nobody_waiting(clock):
    async def broken(scope, receive, send):
        raise RuntimeError("the views are gone")

    lane = ExpressLane(broken, Answers())
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await ask(lane)


# -- Over real HTTP --------------------------------------------------------------------

VARYING = (
    "x-request-id", "date", "content-length", "ratelimit", "x-ratelimit-remaining",
    "x-ratelimit-reset",
)  # fmt: skip
ATTEMPTS = 10


def both_ways(service, path):
    """Ask the lane and the views within one second, as its next one begins."""
    time.sleep(1.02 - time.time() % 1)
    lane = [requests.get(service.url + path, timeout=5) for _ in range(2)][1]
    return lane, requests.get(service.url + path, headers=LONG_WAY, timeout=5)


def told(answer):
    headers = {name.lower(): value for name, value in answer.headers.items()}
    body = answer.json()
    body.pop("timestamp", None)
    return answer.status_code, {n: v for n, v in headers.items() if n not in VARYING}, body


@pytest.mark.timeout(60)
@pytest.mark.parametrize("path", [PATH, "/api/prices?symbols=btc,ETH-USD"])
def test_lane_and_views_answer_alike(demo, path):
    for _ in range(ATTEMPTS):
        lane, views = both_ways(demo, path)
        assert lane.status_code == 200
        # The market moves while they are asked; when it stood still they must agree.
        if lane.json()["data"] == views.json()["data"]:
            break
    assert told(lane) == told(views)


@pytest.mark.timeout(60)
def test_a_name_that_is_not_ours_is_refused_on_the_lane_too(demo):
    assert requests.get(demo.url + PATH, timeout=5).status_code == 200
    lured = requests.get(demo.url + PATH, headers={"Host": "evil.example"}, timeout=5)
    assert lured.status_code == 400
