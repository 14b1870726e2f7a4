"""The market's addresses under /api/."""

from django.urls import path

from market.api import figures, views

urlpatterns = [
    path("prices", views.PricesView.as_view(), name="price-list"),
    path("market/overview", figures.OverviewView.as_view(), name="market-overview"),
    path("market/gainers", figures.GainersView.as_view(), name="market-gainers"),
    path("market/losers", figures.LosersView.as_view(), name="market-losers"),
    path("trending", figures.TrendingView.as_view(), name="trending"),
    path("hf/trending", figures.HfTrendingView.as_view(), name="hf-trending"),
    path("defi", figures.DefiView.as_view(), name="defi"),
    path("defi/tvl-chart", figures.TvlChartView.as_view(), name="defi-tvl-chart"),
]
