"""The market's addresses under /api/."""

from django.urls import path

from market.api import figures, prices

urlpatterns = [
    path("defi", figures.DefiView.as_view(), name="defi"),
    path("defi/tvl-chart", figures.TvlChartView.as_view(), name="defi-tvl-chart"),
    path("hf/trending", figures.HfTrendingView.as_view(), name="hf-trending"),
    path("market/gainers", figures.GainersView.as_view(), name="market-gainers"),
    path("market/losers", figures.LosersView.as_view(), name="market-losers"),
    path("market/overview", figures.OverviewView.as_view(), name="market-overview"),
    path("market/prices", prices.MarketPricesView.as_view(), name="market-prices"),
    path("prices", prices.PricesView.as_view(), name="price-list"),
    path("prices/history/<str:symbol>", prices.PriceHistoryView.as_view(), name="price-history"),
    path("trending", figures.TrendingView.as_view(), name="trending"),
]
