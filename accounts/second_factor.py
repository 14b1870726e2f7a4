"""The second factor: codes of an app (TOTP), and recovery codes for the day it is lost."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime

import segno
from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.audit import record
from accounts.models import User

DIGITS = 6
RECOVERY_CODES = 10
GROUP_LENGTH = 5
# No letter or digit that can be taken for another one on paper.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
NAME = "app"


@dataclass(frozen=True, slots=True)
class Setup:
    """What an app needs to know: as a picture to scan, and as text to type."""

    picture: str
    secret: str


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a code was right; after wrong ones nobody is asked for a while."""

    is_right: bool
    locked_until: datetime | None = None


def is_on(user: User) -> bool:
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def is_owed(user: User) -> bool:
    """Say whether a member of the staff must set it up before anything else."""
    return settings.REQUIRE_STAFF_2FA and user.is_staff and not is_on(user)


@transaction.atomic
def begin(user: User) -> Setup:
    """Return what is to be scanned; the same again until it is confirmed."""
    # Two pages that are opened at once must show the same.
    User.objects.select_for_update().get(pk=user.pk)
    device, _ = TOTPDevice.objects.get_or_create(
        user=user, confirmed=False, defaults={"name": NAME}
    )
    secret = base64.b32encode(device.bin_key).decode().rstrip("=")
    groups = (secret[start : start + 4] for start in range(0, len(secret), 4))
    picture = segno.make_qr(device.config_url, error="m").svg_data_uri(scale=5, border=3)
    return Setup(picture, " ".join(groups))


@transaction.atomic
def confirm(user: User, code: str, *, address: str | None = None) -> list[str] | None:
    """Turn it on if the code is right, and return the recovery codes, which nobody sees again."""
    device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=False).first()
    if device is None or is_on(user) or not device.verify_token(_plain(code)):
        return None
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    StaticDevice.objects.filter(user=user).delete()
    recovery = StaticDevice.objects.create(user=user, name="recovery codes")
    for one in codes:
        recovery.token_set.create(token=_digest(one))
    record("second factor on", actor=user, target=str(user), address=address)
    return codes


@transaction.atomic
def check(user: User, code: str) -> Checked:
    """Check a code of the app, or use up a recovery code. Each is good once."""
    plain = _plain(code)
    is_of_app = len(plain) == DIGITS and plain.isdecimal()
    kind = TOTPDevice if is_of_app else StaticDevice
    device = kind.objects.select_for_update().filter(user=user, confirmed=True).first()
    if device is None:
        return Checked(is_right=False)
    is_allowed, why_not = device.verify_is_allowed()
    if not is_allowed:
        return Checked(is_right=False, locked_until=why_not["locked_until"])
    return Checked(device.verify_token(plain if is_of_app else _digest(plain)))


def recovery_codes_left(user: User) -> int:
    return sum(device.token_set.count() for device in StaticDevice.objects.filter(user=user))


@transaction.atomic
def turn_off(user: User, *, by: User | None = None, address: str | None = None) -> None:
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    record("second factor off", actor=by or user, target=str(user), address=address)


def _plain(code: str) -> str:
    """Return a code without what people put between its parts."""
    return "".join(code.lower().replace("-", " ").split())[:50]


def _recovery_code() -> str:
    """Return a code of about 50 bits, in two groups that are easy to type."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(2))
    return "-".join(groups)


def _digest(code: str) -> str:
    # The column has room for 64 bits; without the secret, which is not in the database, they
    # cannot be tried.
    return salted_hmac("accounts.recovery", _plain(code), algorithm="sha256").hexdigest()[:16]
