"""Where the door's pages are."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts.web import account, keys, usage, views

urlpatterns = [
    path("signup", views.SignUpView.as_view(), name="accounts-signup"),
    path("login", views.LoginView.as_view(), name="accounts-login"),
    path("login/code", views.CodeView.as_view(), name="accounts-code"),
    path("logout", LogoutView.as_view(), name="accounts-logout"),
    path("password", views.PasswordView.as_view(), name="accounts-password"),
    path("password/reset", views.ResetView.as_view(), name="accounts-reset"),
    path("password/reset/sent", views.ResetSentView.as_view(), name="accounts-reset-sent"),
    path(
        "password/reset/<uidb64>/<token>",
        views.ResetPasswordView.as_view(),
        name="accounts-reset-password",
    ),
    path("account", account.ProfileView.as_view(), name="accounts-profile"),
    path("account/email", account.EmailView.as_view(), name="accounts-email-change"),
    path("account/email/<token>", account.ConfirmEmailView.as_view(), name="accounts-email"),
    path(
        "account/second-factor", account.SecondFactorView.as_view(), name="accounts-second-factor"
    ),
    path(
        "account/second-factor/off",
        account.TurnOffView.as_view(),
        name="accounts-second-factor-off",
    ),
    path("account/keys", keys.KeysView.as_view(), name="accounts-keys"),
    path("account/keys/<str:public_id>/rotate", keys.RotateView.as_view(), name="accounts-rotate"),
    path("account/keys/<str:public_id>/revoke", keys.RevokeView.as_view(), name="accounts-revoke"),
    path("account/usage", usage.UsageView.as_view(), name="accounts-usage"),
]
