"""The app's registration with Django."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Loaded for what they register: the OpenAPI document asks for one by name, Django tells
        # the other of every login.
        import accounts.api.schema  # noqa: PLC0415
        import accounts.sign_ins  # noqa: F401, PLC0415
