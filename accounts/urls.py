"""Where the door's pages are."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts.web.views import LoginView, PasswordView

urlpatterns = [
    path("login", LoginView.as_view(), name="accounts-login"),
    path("logout", LogoutView.as_view(), name="accounts-logout"),
    path("password", PasswordView.as_view(), name="accounts-password"),
]
