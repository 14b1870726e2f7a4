"""Which series are kept without being asked for: the store and the names say the same."""

import pytest

from market import snapshot
from market.models import Series
from market.selectors.assets import stored_entries
from market.selectors.series import is_kept, is_tracked
from market.tests.candles import given_series
from market.tests.quotes import given_assets

pytestmark = pytest.mark.django_db


def test_the_names_say_of_each_series_what_the_store_says(settings):
    settings.SUPPORTED_INTERVALS = ["1m", "1h"]
    given_assets(settings, "BTC", "USDT")
    for symbol in ("BTC", "USDT", "PEPE"):
        for currency in ("USDT", "EUR"):
            for interval in ("1m", "1d"):
                given_series(symbol, interval, currency=currency)
    snapshot.publish_assets(stored_entries())
    named = set(Series.objects.values_list("asset__symbol", "currency", "interval"))
    tracked = Series.objects.filter(is_tracked())
    assert {name for name in named if is_kept(*name)} == {("BTC", "USDT", "1m")}
    assert list(tracked.values_list("asset__symbol", "currency", "interval")) == [
        ("BTC", "USDT", "1m")
    ]
    assert not is_kept("NOTHING", "USDT", "1m")
