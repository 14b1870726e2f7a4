"""The pump's addresses under /api/."""

from django.urls import path

from providers.api import discovery, views

urlpatterns = [
    path("providers", views.ProvidersView.as_view(), name="provider-list"),
    path("providers/<str:slug>", views.ProviderView.as_view(), name="provider-detail"),
    path("system/circuit-breakers", views.BreakersView.as_view(), name="breaker-list"),
    path("discovery/run", discovery.DiscoveryView.as_view(), name="discovery-run"),
    path("discovery/candidates", discovery.CandidatesView.as_view(), name="discovery-candidates"),
]
