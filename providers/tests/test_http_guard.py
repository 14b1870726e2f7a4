"""Where a call may go, which market may answer it, and what it never tells."""

import logging
import traceback

import pytest
from urllib3.util.connection import create_connection

from providers.exceptions import BadPayload, ProviderError, Unreachable
from providers.simulator import Simulator
from providers.tests.listener import Listener, answer, get, refused
from providers.tests.test_http import resolve

KEY = "CG-very-secret-key"
MARK = {"X-Simulated-Market": "1"}
pytestmark = pytest.mark.usefixtures("live_market")


@pytest.fixture
def dialed(monkeypatch):
    """Remember every address that a connection was tried to."""
    addresses = []
    original = create_connection

    def counting(address, *rest):
        addresses.append(address[0])
        return original(address, *rest)

    monkeypatch.setattr("providers.http.create_connection", counting)
    return addresses


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0177.0.0.1",
        "0x7f000001",
        "0x7f.1",
        "localhost",
        "LOCALHOST",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:0:0]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "[fe80::1]",
        "[fc00::1]",
        "[2002:7f00:1::]",
        "[64:ff9b::7f00:1]",
        "[64:ff9b::a9fe:a9fe]",
        "224.0.0.1",
        "255.255.255.255",
        "[ff02::1]",
    ],
)
def test_no_spelling_leads_into_this_network(listen, dialed, host):
    server = listen(answer())
    error = refused(f"http://{host}:{server.port}/", Unreachable, public_only=True, seconds=2)
    assert str(error) == "its name leads into this network; it was not asked"
    assert (server.requests, server.connections, dialed) == ([], 0, [])


@pytest.mark.parametrize(
    "addresses", [("127.0.0.1",), ("::1",), ("10.1.2.3",), ("169.254.169.254", "127.0.0.1")]
)
def test_a_name_that_resolves_into_this_network_is_refused(listen, dialed, monkeypatch, addresses):
    server = listen(answer())
    resolve(monkeypatch, *addresses)
    error = refused(f"http://api.example:{server.port}/", Unreachable, public_only=True)
    assert "into this network" in str(error)
    assert (server.connections, dialed) == (0, [])


def test_the_guard_holds_for_https_too(listen, dialed):
    server = listen(answer())
    error = refused(f"https://127.0.0.1:{server.port}/", Unreachable, public_only=True)
    assert "into this network" in str(error)
    assert (server.connections, dialed) == (0, [])


def test_a_kept_connection_of_an_unguarded_call_does_not_serve_a_guarded_one(listen):
    server = listen(answer(), keep=True)
    get(server.url)
    refused(server.url, Unreachable, public_only=True)
    assert len(server.requests) == 1


def test_a_public_address_is_allowed(monkeypatch):
    tried = []

    def recording(address, *rest):
        tried.append(address)
        raise ConnectionRefusedError("Connection refused")

    monkeypatch.setattr("providers.http.create_connection", recording)
    resolve(monkeypatch, "104.16.1.2", "64:ff9b::6810:102")
    refused("http://api.example/", Unreachable, public_only=True)
    assert {address[0] for address in tried} == {"104.16.1.2", "64:ff9b::6810:102"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]"])
def test_an_address_that_an_operator_set_may_be_here(listen, host):
    server = listen(answer())
    assert get(f"http://{host}:{server.port}/").text == "[]"


def test_an_operator_may_use_ipv6():
    try:
        server = Listener(answer(), host="::1")
    except OSError:
        pytest.skip("no IPv6 here")
    assert get(server.url).text == "[]"
    server.stop()


def test_proxies_of_the_environment_are_not_used(listen, monkeypatch):
    proxy, server = listen(answer()), listen(answer())
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    get(server.url)
    assert (len(server.requests), proxy.connections) == (1, 0)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/", "nothing", "http://", "//x"])
def test_only_the_web_is_asked(url):
    refused(url, Unreachable)


@pytest.mark.parametrize(
    "host", ["x" * 70 + ".example", "a..b", "[1::2::3]", "exa mple", "é" * 80]
)
def test_a_name_that_cannot_be_one_is_an_error_of_the_provider(host):
    refused(f"http://{host}/", Unreachable)


# -- Two markets -----------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 404, 429, 500])
def test_the_live_market_takes_nothing_from_a_simulator(listen, status):
    error = refused(listen(answer(status, headers=MARK)).url, BadPayload)
    assert str(error) == "is a simulator, and this market is live"


def test_the_live_market_refuses_the_real_simulator():
    with Simulator(seed=7) as sim:
        assert "is a simulator" in str(refused(f"{sim.url}/binance/api/v3/ping", BadPayload))


@pytest.mark.parametrize("status", [200, 404, 429, 500])
def test_the_simulated_market_takes_nothing_from_elsewhere(listen, settings, status):
    settings.SIMULATED = True
    error = refused(listen(answer(status)).url, BadPayload)
    assert str(error) == "is not the simulator, and this market is simulated"


def test_the_simulated_market_takes_the_simulator(settings):
    settings.SIMULATED = True
    with Simulator(seed=7) as sim:
        assert get(f"{sim.url}/binance/api/v3/ping").text == "{}"


# -- Keys ------------------------------------------------------------------------


def told(error):
    return str(error) + repr(error) + "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    "script",
    [
        answer(401, f'{{"error": "invalid key {KEY}"}}'.encode()),
        answer(500, KEY.encode()),
        answer(429, f"<p>{KEY}</p>".encode()),
        answer(302, headers={"Location": f"/?key={KEY}"}),
        ["close"],
        ["reset"],
        [30.0],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", "close"],
        [b"nonsense\r\n\r\n", "close"],
    ],
)
def test_no_error_and_no_log_line_tells_a_key(listen, caplog, script):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    error = refused(
        f"{listen(script).url}/v1", headers={"x-key": KEY}, params={"a": "b"}, seconds=0.4
    )
    assert KEY not in told(error)
    assert KEY not in caplog.text


@pytest.mark.parametrize("key", [f"{KEY}\n", f"{KEY}\u20ac", f" {KEY}"])
def test_a_key_that_cannot_be_sent_is_not_told_either(listen, key):
    server = listen(answer())
    with pytest.raises(ProviderError) as caught:
        get(server.url, headers={"x-key": key})
    assert KEY not in told(caught.value)
    assert server.requests == []


def test_urllib3_keeps_addresses_out_of_the_log(settings):
    assert settings.LOGGING["loggers"]["urllib3"]["level"] == "ERROR"


def test_a_key_in_the_query_that_a_refusal_repeats_is_hidden(listen):
    server = listen(answer(400, b'{"error":"key %s is not known"}' % KEY.encode()))
    error = refused(server.url, BadPayload, params={"apikey": KEY})
    assert "is not known" in str(error)
    assert KEY not in told(error)
