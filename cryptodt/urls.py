"""The site map."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularJSONAPIView

from cryptodt import asyncapi, health, views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("api/health", health.HealthView.as_view(), name="health"),
    path("api/", include("market.api.urls")),
    path("api/", include("providers.api.urls")),
    path("api/", include("accounts.api.urls")),
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="schema"),
    path("asyncapi.json", asyncapi.asyncapi, name="asyncapi"),
    path("docs", views.docs, name="docs"),
    path("redoc", views.redoc, name="redoc"),
]

handler400 = "cryptodt.api.errors.bad_request"
handler403 = "cryptodt.api.errors.forbidden"
handler404 = "cryptodt.api.errors.not_found"
handler500 = "cryptodt.api.errors.server_error"
