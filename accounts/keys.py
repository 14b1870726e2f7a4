"""API keys as text: made, taken apart, and turned into what is stored. Pure.

A key is `cdt_<id>_<secret><checksum>`. The id finds its row, the checksum tells a typing mistake
from a wrong key without a look into the database, and only a digest of the whole is kept.
"""

import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass
from hashlib import sha256

PREFIX = "cdt"
ALPHABET = string.digits + string.ascii_letters
ID_LENGTH, SECRET_LENGTH, CHECKSUM_LENGTH = 10, 32, 6
_KEY = re.compile(
    rf"{PREFIX}_([0-9A-Za-z]{{{ID_LENGTH}}})_([0-9A-Za-z]{{{SECRET_LENGTH + CHECKSUM_LENGTH}}})"
)
# What a person is shown of a key afterwards, to tell it from the others.
SHOWN = len(PREFIX) + 1 + ID_LENGTH


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made: the only time that its text exists here."""

    public_id: str
    text: str


def make() -> NewKey:
    public_id, secret = _random(ID_LENGTH), _random(SECRET_LENGTH)
    return NewKey(public_id, f"{PREFIX}_{public_id}_{secret}{_checksum(public_id, secret)}")


def public_id_of(text: str) -> str | None:
    """Return the id in a key, or nothing if this cannot be one."""
    found = _KEY.fullmatch(text)
    if found is None:
        return None
    public_id, rest = found.groups()
    secret, checksum = rest[:SECRET_LENGTH], rest[SECRET_LENGTH:]
    return public_id if checksum == _checksum(public_id, secret) else None


def looks_like_key(text: str) -> bool:
    return text.startswith(f"{PREFIX}_")


def digest(text: str, salt: str) -> str:
    """Return what is stored of a key; without the salt, which is not in the database, it is
    nothing that could be tried."""
    return hmac.new(salt.encode(), text.encode(), sha256).hexdigest()


def is_digest_of(stored: str, text: str, salt: str) -> bool:
    return hmac.compare_digest(stored, digest(text, salt))


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _checksum(public_id: str, secret: str) -> str:
    number = zlib.crc32(f"{public_id}_{secret}".encode())
    letters = []
    for _ in range(CHECKSUM_LENGTH):
        number, place = divmod(number, len(ALPHABET))
        letters.append(ALPHABET[place])
    return "".join(reversed(letters))
