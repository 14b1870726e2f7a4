"""Every door of the socket: who is let in by what, as whom, how often, and from which pages."""

import contextlib
import json

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus

from cryptodt.closing import NOT_ALLOWED, TOO_MANY_SOCKETS, WRONG_KEY
from cryptodt.tests.conftest import new_database
from cryptodt.tests.running import Service
from cryptodt.tests.test_feed import Events, Talk, closed_with
from cryptodt.tests.test_live import connections
from cryptodt.tests.test_proofs import DO

ELSEWHERE, INVITED = "https://elsewhere.test", "https://invited.test"
SHOWN = DO + (
    "import json\n"
    "from django.test import Client\n"
    "def session(one):\n"
    "    client = Client(); client.force_login(one); return client.session.session_key\n"
    "free = User.objects.create_user('free', tier_id='free')\n"
    "pro = User.objects.create_user('pro', tier_id='pro')\n"
    "root = User.objects.create_superuser('root', password=sys.argv[1], tier_id='admin')\n"
    "made = {one.username: issue_key(one, KeyWish('a key')) for one in (free, pro)}\n"
    "bound = issue_key(pro, KeyWish('a page', origins=[sys.argv[2]]))\n"
    "print(json.dumps({\n"
    "  'free': made['free'].text, 'pro': made['pro'].text, 'page': bound.text,\n"
    "  'token': issue_tokens(caller_of_key(made['pro'].key)).access,\n"
    "  'person': issue_tokens(caller_of_person(pro)).access,\n"
    "  'session': session(pro), 'staff': session(root)}))"
)
PASSWORD = "a long enough pass phrase"
HALF = DO + (
    "from django_otp.plugins.otp_totp.models import TOTPDevice\n"
    "TOTPDevice.objects.create(user=User.objects.get(username='root'), confirmed=True)"
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """A running demo where staff need a second factor, and other sites may read the API."""
    with new_database() as database:
        service = Service(
            tmp_path_factory.mktemp("doors"),
            {**database, "REQUIRE_STAFF_2FA": "true", "CORS_ORIGINS": INVITED},
        ).start()
        yield service
        service.stop()


@pytest.fixture(scope="module")
def shown(hub):
    """What somebody may show: keys of two tiers, one for a page, tokens, and sessions."""
    return json.loads(hub.run(SHOWN, PASSWORD, hub.url))


def tier(talk):
    return talk.welcome["limits"]["tier"]


def header(name, value, **more):
    return {"additional_headers": {name: value, **more}}


@pytest.mark.parametrize("what", ["pro", "token", "person"])
def test_a_key_or_token_is_shown_by_header_by_subprotocol_or_by_message(hub, shown, what):
    text = shown[what]
    ways = [
        header("Authorization", f"Bearer {text}"),
        {"subprotocols": ["cryptodt.v1", f"bearer.{text}"]},
        {"subprotocols": [f"bearer.{text}", "cryptodt.v1"]},
    ]
    for way in ways + ([header("X-API-Key", text)] if what == "pro" else []):
        with Talk(hub, **way) as talk:
            assert tier(talk) == "pro"
            # What was shown is not said again, neither here nor in a log.
            assert talk.socket.subprotocol in ("cryptodt.v1", None)
    for query in ("", "?auth=message"):
        with Talk(hub, query) as talk:
            assert tier(talk) == "anonymous"
            talk.say(type="auth", **{"key" if what == "pro" else "token": text}, id="me")
            told = talk.next()
            assert (told["type"], told["limits"]["tier"]) == ("authenticated", "pro")
            assert talk.subscribe("test")["type"] == "subscribed"
    assert text not in hub.log()


def test_an_old_client_with_a_bearer_header_is_who_it_says(hub, shown):
    way = header("Authorization", f"Bearer {shown['token']}")
    with Talk(hub, subprotocols=None, **way) as talk:
        assert (talk.welcome["type"], tier(talk)) == ("connected", "pro")


@pytest.mark.parametrize("said", [{}, {"key": ""}, {"key": 7}, {"token": []}, {"key": None}])
def test_an_auth_message_without_anything_is_told_so_and_may_be_said_again(hub, shown, said):
    with Talk(hub, "?auth=message") as talk:
        talk.say(type="auth", **said)
        assert talk.next()["code"] == "INVALID_REQUEST"
        talk.say(type="auth", key=shown["pro"])
        assert talk.next()["type"] == "authenticated"


def test_nobody_becomes_another_after_the_first_subscription(hub, shown):
    with Talk(hub) as talk:
        talk.subscribe("test")
        talk.say(type="auth", key=shown["pro"])
        assert talk.next("error")["code"] == "INVALID_REQUEST"
        talk.next("update")


def test_a_wrong_first_message_is_closed_for_good(hub):
    for said in ({"key": "cdt_wrong"}, {"token": "wrong"}):
        with Talk(hub) as talk:
            talk.say(type="auth", **said, id=1)
            assert (told := talk.next())["code"] == "UNAUTHORIZED"
            assert told["id"] == 1
            assert closed_with(talk) == WRONG_KEY.code


def test_a_key_has_so_many_connections_wherever_they_come_from(hub, shown):
    ways = [
        header("X-API-Key", shown["free"]),
        header("Authorization", f"Bearer {shown['free']}"),
        {"subprotocols": ["cryptodt.v1", f"bearer.{shown['free']}"]},
    ]
    with contextlib.ExitStack() as stack:
        talks = [stack.enter_context(Talk(hub, **ways[n % 3])) for n in range(5)]
        assert {one.welcome["limits"]["sockets"] for one in talks} == {5}
        with pytest.raises(ConnectionClosed, match=str(TOO_MANY_SOCKETS.code)):
            Talk(hub, **ways[0])
        with Talk(hub) as by_message:
            by_message.say(type="auth", key=shown["free"])
            assert closed_with(by_message) == TOO_MANY_SOCKETS.code
        # Another key and nobody in particular have places of their own.
        assert tier(stack.enter_context(Talk(hub, **header("X-API-Key", shown["pro"])))) == "pro"
        assert tier(stack.enter_context(Talk(hub))) == "anonymous"
        taken = connections(hub)
        talks[0].socket.close()
        hub.wait_until(lambda: connections(hub) < taken)
        assert tier(stack.enter_context(Talk(hub, **ways[1]))) == "free"


def test_whoever_shows_a_key_by_message_gives_back_the_place_of_an_address(hub, shown):
    with contextlib.ExitStack() as stack:
        for _ in range(25):
            talk = stack.enter_context(Talk(hub))
            talk.say(type="auth", key=shown["pro"])
            assert talk.next()["type"] == "authenticated"


def test_a_tier_has_so_many_symbols_and_the_next_is_told_why(hub, shown):
    with Talk(hub, **header("X-API-Key", shown["free"])) as talk:
        assert talk.welcome["limits"]["symbols"] == 5
        five = ["prices:BTC", "prices:ETH", "prices:SOL", "prices:XRP", "candles:ADAUSDT:1h"]
        talk.say(type="subscribe", topics=five)
        assert [talk.next("subscribed")["topic"] for _ in five] == five
        for asked in ({"topic": "prices:DOT"}, {"symbol": "DOT"}, {"channels": ["market.DOT"]}):
            talk.say(type="subscribe", **asked, id="sixth")
            refused = talk.next("error")
            assert (refused["code"], refused["id"]) == ("RATE_LIMITED", "sixth")
            assert (refused["limit"], refused["allowed"], refused["asked"]) == ("symbols", 5, 6)
        # More of what it has already is no other symbol, and everything at once is none at all.
        for topic in ("candles:BTCUSDT:1m", "prices", "test"):
            talk.say(type="subscribe", topic=topic)
            assert talk.next("subscribed")["topic"] == topic
        talk.say(type="unsubscribe", topic="prices:ETH")
        talk.say(type="subscribe", topic="prices:DOT")
        assert talk.next("subscribed")["topic"] == "prices:DOT"


def test_a_session_counts_on_a_page_of_this_host_by_any_scheme_and_port(hub, shown):
    cookie = f"sessionid={shown['session']}"
    for ours in (hub.url, "http://localhost", "https://localhost:8443", "http://LOCALHOST:1"):
        with Talk(hub, origin=ours, **header("Cookie", cookie)) as talk:
            assert tier(talk) == "pro"
    # Programs send no Origin.
    with Talk(hub, **header("Cookie", cookie)) as talk:
        assert tier(talk) == "pro"


@pytest.mark.parametrize("origin", [ELSEWHERE, "http://localhost.elsewhere.test", "null"])
def test_a_page_from_elsewhere_needs_a_key_of_its_own(hub, shown, origin):
    cookie = header("Cookie", f"sessionid={shown['session']}")
    ways: list[dict[str, object]] = [{}, cookie]
    for way in ways:
        with pytest.raises(InvalidStatus) as refused:
            Talk(hub, origin=origin, **way)
        assert refused.value.response.status_code == 403
    with Talk(hub, origin=origin, subprotocols=["cryptodt.v1", f"bearer.{shown['pro']}"]) as talk:
        assert tier(talk) == "pro"
    # Whose session a browser sends along makes no difference.
    with Talk(hub, "?auth=message", origin=origin, **cookie) as talk:
        assert tier(talk) == "anonymous"


def test_an_invited_page_comes_as_anybody(hub, shown):
    ways: list[dict[str, object]] = [{}, header("Cookie", f"sessionid={shown['session']}")]
    for way in ways:
        with Talk(hub, origin=INVITED, **way) as talk:
            assert tier(talk) == "anonymous"


@pytest.mark.parametrize(("origin", "told"), [(INVITED, INVITED), (ELSEWHERE, None)])
def test_an_invited_page_may_read_a_stream(hub, origin, told):
    with Events(hub, "test", headers={"Origin": origin}) as events:
        assert events.answer.headers.get("Access-Control-Allow-Origin") == told


def test_a_key_for_one_page_opens_nothing_on_another(hub, shown):
    words = {"subprotocols": ["cryptodt.v1", f"bearer.{shown['page']}"]}
    with Talk(hub, origin=hub.url, **words) as talk:
        assert tier(talk) == "pro"
    for way in (words, {"origin": f"http://localhost:{hub.port}", **words}):
        with Talk(hub, **way) as talk:
            assert talk.welcome["code"] == "FORBIDDEN"
            assert closed_with(talk) == NOT_ALLOWED.code


def test_staff_who_owe_a_second_factor_are_at_the_socket_what_they_are_over_http(hub, shown):
    cookie = f"sessionid={shown['staff']}"
    cookies = {"Cookie": cookie}
    page = requests.get(hub.url, headers=cookies, timeout=10, allow_redirects=False)
    assert page.headers["Location"] == "/account/second-factor"
    over_http = hub.get("/api/protected-data", cookies)[1]["data"]
    assert "admin" not in over_http["scopes"]
    with Talk(hub, origin=hub.url, **header("Cookie", cookie)) as talk:
        assert tier(talk) == over_http["tier"]
        talk.say(type="get_stats")
        stats = talk.next("stats_update")["data"]
        with Talk(hub) as anybody:
            anybody.say(type="get_stats")
            assert stats.keys() == anybody.next("stats_update")["data"].keys()


def test_half_a_login_opens_no_socket_as_anybody_else(hub, shown):
    hub.run(HALF)
    with requests.Session() as browser:
        page = browser.get(f"{hub.url}/login", timeout=10)
        assert page.status_code == 200
        browser.post(
            f"{hub.url}/login",
            {
                "username": "root",
                "password": PASSWORD,
                "csrfmiddlewaretoken": browser.cookies["csrftoken"],
            },
            headers={"Referer": hub.url},
            timeout=10,
        )
        cookie = f"sessionid={browser.cookies['sessionid']}"
    with Talk(hub, origin=hub.url, **header("Cookie", cookie)) as talk:
        assert tier(talk) == "anonymous"
