"""The door's addresses under /api/."""

from django.urls import path

from accounts.api import views

urlpatterns = [
    path("auth/token", views.TokenView.as_view(), name="auth-token"),
    path("auth/login", views.LoginView.as_view(), name="auth-login"),
    path("auth/refresh", views.RefreshView.as_view(), name="auth-refresh"),
    path("auth/revoke", views.RevokeView.as_view(), name="auth-revoke"),
    path("account/keys", views.KeysView.as_view(), name="account-keys"),
    path("account/keys/<str:public_id>", views.KeyView.as_view(), name="account-key"),
    path("account/keys/<str:public_id>/rotate", views.RotateView.as_view(), name="account-rotate"),
    path("account/usage", views.UsageView.as_view(), name="account-usage"),
    path("protected-data", views.ProtectedView.as_view(), name="protected-data"),
]
