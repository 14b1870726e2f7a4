"""The market's addresses under /api/."""

from django.urls import path

from market.api import candles, figures, lists, prices, service

urlpatterns = [
    path("assets", lists.AssetsView.as_view(), name="asset-list"),
    path("assets/<str:symbol>", lists.AssetView.as_view(), name="asset"),
    path("candles/gaps", candles.GapsView.as_view(), name="gap-list"),
    path("coins/top", lists.TopCoinsView.as_view(), name="coin-top"),
    path("defi", figures.DefiView.as_view(), name="defi"),
    path("defi/tvl-chart", figures.TvlChartView.as_view(), name="defi-tvl-chart"),
    path("historical-data", candles.HistoricalView.as_view(), name="historical-data"),
    path("hf/ohlcv", candles.HfCandlesView.as_view(), name="hf-candle-list"),
    path("hf/trending", figures.HfTrendingView.as_view(), name="hf-trending"),
    path("market", lists.MarketView.as_view(), name="market"),
    path("market/gainers", figures.GainersView.as_view(), name="market-gainers"),
    path("market/history", candles.MarketHistoryView.as_view(), name="market-history"),
    path("market/losers", figures.LosersView.as_view(), name="market-losers"),
    path("market/overview", figures.OverviewView.as_view(), name="market-overview"),
    path("market/prices", prices.MarketPricesView.as_view(), name="market-prices"),
    path("ohlcv", candles.CandlesView.as_view(), name="candle-list"),
    path("prices", prices.PricesView.as_view(), name="price-list"),
    path("prices/history/<str:symbol>", prices.PriceHistoryView.as_view(), name="price-history"),
    path("service/history", candles.ServiceHistoryView.as_view(), name="service-history"),
    path("service/market-status", service.MarketStatusView.as_view(), name="service-status"),
    path("service/rate", service.RateView.as_view(), name="service-rate"),
    path("service/rate/batch", service.RatesView.as_view(), name="service-rates"),
    path("trending", figures.TrendingView.as_view(), name="trending"),
]
