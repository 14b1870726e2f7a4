"""Asking strangers: where a question may go, how far it is led, and when it stops."""

import pytest

from providers import budget, scout
from providers.exceptions import BadPayload, OverBudget, ProviderError, Unreachable
from providers.scout import HOPELESS, MOST_MOVES, PER_MINUTE, Scout
from providers.tests.listener import answer
from providers.tests.test_http import resolve

pytestmark = pytest.mark.usefixtures("live_market")
HOME = "https://news.example/"


def moved(location, status=302):
    return answer(status, headers={"Location": location})


@pytest.fixture
def served(listen, settings):
    """A loopback server in the place of the internet, as an operator may set one."""

    def start(*scripts):
        server = listen(*scripts)
        settings.PROVIDERS_BASE_URL = server.url
        return server

    return start


def read(address=HOME, **options):
    return Scout(seconds=30, **options).read("example-news", address)


def refused(address=HOME, kind=ProviderError):
    with pytest.raises(kind) as caught:
        read(address)
    return str(caught.value)


def paths(server):
    return [request.split()[1].decode() for request in server.requests]


def test_a_redirect_is_followed_and_its_end_is_told(served):
    server = served(moved("https://www.news.example/en/"), moved("../feed?a=1"), answer(body=b"x"))
    page = read()
    assert (page.address, page.text) == ("https://www.news.example/feed?a=1", "x")
    assert paths(server) == ["/example-news/", "/example-news/en/", "/example-news/feed?a=1"]


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:6379/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://0x7f000001/",
        "https://[::ffff:127.0.0.1]/",
        "//localhost/",
        "http://news.example/",
        "https://me:secret@news.example/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://[",
        "https://news.example/" + "a" * 5000,
    ],
)
def test_a_redirect_to_where_nobody_may_go_is_not_followed(served, location):
    server = served(moved(location))
    assert refused(kind=BadPayload).startswith("leads to what may not be asked")
    assert len(server.requests) == 1


def test_a_redirect_without_an_address_ends(served):
    server = served(answer(302))
    assert refused(kind=BadPayload) == "leads from one address to the next"
    assert len(server.requests) == MOST_MOVES + 1


def test_redirects_in_a_circle_end(served):
    server = served(moved("/"))
    assert refused(kind=BadPayload) == "leads from one address to the next"
    assert len(server.requests) == MOST_MOVES + 1


@pytest.mark.parametrize("inside", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1"])
def test_a_name_that_leads_into_this_network_is_not_asked(monkeypatch, inside):
    resolve(monkeypatch, inside)
    assert refused(kind=Unreachable) == "its name leads into this network; it was not asked"


def test_a_huge_answer_ends_at_the_limit(served, monkeypatch):
    monkeypatch.setattr(scout, "LARGEST", 1000)
    served(answer(body=b"x" * 1001))
    assert "more than we read" in refused(kind=BadPayload)


def test_the_body_of_a_redirect_is_not_read_to_its_end(served):
    megabyte = b"x" * 2**20
    head = b"HTTP/1.1 302 Said\r\nLocation: /feed\r\nConnection: close\r\n\r\n"
    server = served([head, ("flood", megabyte, 64)], answer(body=b"x"))
    assert read().text == "x"
    assert server.sent < 32 * len(megabyte)


def test_a_host_is_asked_a_few_times_a_minute(served):
    server = served(answer())
    one = Scout(seconds=30)
    for _ in range(PER_MINUTE):
        one.read("example-news", HOME)
    with pytest.raises(OverBudget):
        one.read("example-news", HOME)
    one.read("other-news", "https://other.example/")
    assert len(server.requests) == PER_MINUTE + 1


def test_a_host_that_had_enough_is_left_alone(served):
    served(answer(429, headers={"Retry-After": "600"}))
    refused()
    assert budget.left("discovery:news.example", per_minute=PER_MINUTE) == 0


def test_without_an_internet_it_gives_up(monkeypatch):
    resolve(monkeypatch, "127.0.0.1")
    one = Scout(seconds=30)
    for number in range(HOPELESS):
        assert not one.is_over
        with pytest.raises(Unreachable):
            one.read("example-news", f"https://news{number}.example/")
    assert one.is_hopeless
    assert one.asked == HOPELESS


def test_when_the_time_is_over_nothing_goes_out(served):
    server = served(answer())
    with pytest.raises(OverBudget):
        Scout(seconds=0).read("example-news", HOME)
    assert server.requests == []
