"""The app's registration with Django."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Loaded for what they register: the OpenAPI document asks for one by name, Django tells
        # the others of every login and of every change in the admin.
        import accounts.api.schema  # noqa: PLC0415
        import accounts.sign_ins  # noqa: PLC0415
        import accounts.trail  # noqa: F401, PLC0415
