"""Provider keys at rest: sealed with a secret that is not in the database."""

from base64 import urlsafe_b64encode
from functools import cache
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


def seal(key: str) -> str:
    return _fernet(settings.PROVIDER_KEYS_SECRET).encrypt(key.encode()).decode()


def unseal(sealed: str) -> str:
    """Return the clear key; one that was sealed with another secret is as good as none."""
    if not sealed:
        return ""
    try:
        return _fernet(settings.PROVIDER_KEYS_SECRET).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return ""


@cache
def _fernet(secret: str) -> Fernet:
    return Fernet(urlsafe_b64encode(sha256(secret.encode()).digest()))
