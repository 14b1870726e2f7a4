"""People and keys for the door's tests."""

from accounts.models import Tier, User
from accounts.services import KeyWish, issue_key

PASSWORD = "a long enough pass phrase"


def given_person(name="ann", *, tier="free", **columns):
    chosen = Tier.objects.get(slug=tier)
    return User.objects.create_user(name, password=PASSWORD, tier=chosen, **columns)


def given_key(owner=None, *, tier=None, by=None, **wish):
    """Issue a key and return it with its text."""
    owner = owner or given_person(tier=tier or "free")
    return issue_key(owner, KeyWish(name=wish.pop("name", "a key"), tier=tier, **wish), by=by)


def shown(issued):
    return {"X-API-Key": issued.text}
