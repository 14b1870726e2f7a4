"""Keys at rest: unreadable without the secret, and useless instead of fatal with a wrong one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.seal import seal, unseal

KEY = "CG-very-secret-1a2b"


@given(st.text(min_size=1))
def test_what_is_sealed_comes_back(key):
    assert unseal(seal(key)) == key


def test_a_sealed_key_shows_nothing_of_itself():
    sealed = seal(KEY)
    assert "1a2b" not in sealed
    assert seal(KEY) != sealed


def test_another_secret_opens_nothing(settings):
    sealed = seal(KEY)
    settings.PROVIDER_KEYS_SECRET = "another"
    assert unseal(sealed) == ""


@pytest.mark.parametrize("damage", ["", "x", "gAAAAA", "ü", " "])
def test_what_was_never_sealed_is_no_key(damage):
    assert unseal(damage) == ""


def test_a_changed_letter_is_noticed():
    sealed = seal(KEY)
    middle = len(sealed) // 2
    other = "A" if sealed[middle] != "A" else "B"
    assert unseal(sealed[:middle] + other + sealed[middle + 1 :]) == ""
