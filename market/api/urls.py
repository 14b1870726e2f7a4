"""The market's addresses under /api/."""

from django.urls import path

from market.api import candles, views

urlpatterns = [
    path("prices", views.PricesView.as_view(), name="price-list"),
    path("ohlcv", candles.CandlesView.as_view(), name="candle-list"),
    path("candles/gaps", candles.GapsView.as_view(), name="gap-list"),
    # The same candles by the names that other callers know.
    path("hf/ohlcv", candles.HfCandlesView.as_view(), name="hf-candle-list"),
    path("market/history", candles.MarketHistoryView.as_view(), name="market-history"),
    path("service/history", candles.ServiceHistoryView.as_view(), name="service-history"),
]
