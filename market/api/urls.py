"""The market's addresses under /api/."""

from django.urls import path

from market.api import views

urlpatterns = [
    path("prices", views.PricesView.as_view(), name="price-list"),
]
