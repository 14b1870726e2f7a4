"""What discovery meets: home pages that name their feeds, and a list of exchanges."""

import requests

from providers.pages import feeds_of


def test_a_home_page_names_feeds_that_are_there(sim):
    home = requests.get(f"{sim.url}/decrypt-news/", timeout=10)
    assert home.headers["Content-Type"].startswith("text/html")
    found = feeds_of(home.text, "https://decrypt.co/")
    assert [(one.title, one.address) for one in found] == [
        ("Markets", "https://decrypt.co/markets/feed.xml"),
        ("Analysis", "https://decrypt.co/analysis.atom"),
    ]
    for one in found:
        path = one.address.removeprefix("https://decrypt.co")
        feed = requests.get(f"{sim.url}/decrypt-news{path}", timeout=10)
        assert feed.headers["Content-Type"].startswith("application/xml")


def test_a_feed_at_the_root_is_still_a_feed(sim):
    answer = requests.get(f"{sim.url}/coinpost-news/?feed=rss2", timeout=10)
    assert answer.text.startswith("<?xml")


def test_the_list_of_exchanges_has_pages(sim):
    address = f"{sim.url}/coingecko/api/v3/exchanges"
    whole = requests.get(address, timeout=10).json()
    assert [one["name"] for one in whole][:2] == ["Binance", "Bybit (Spot)"]
    assert [one["trust_score_rank"] for one in whole] == list(range(1, len(whole) + 1))
    second = requests.get(address, params={"per_page": 4, "page": 2}, timeout=10).json()
    assert second == whole[4:8]
