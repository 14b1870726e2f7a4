"""A key is found by its id, checked by its sum, and kept as nothing that could be used."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import keys

SALT = "s" * 40


def test_a_key_says_what_it_is_and_is_like_no_other():
    made = [keys.make() for _ in range(50)]
    assert len({key.text for key in made}) == 50
    for key in made:
        assert key.text.startswith(f"cdt_{key.public_id}_")
        assert keys.public_id_of(key.text) == key.public_id
        assert keys.is_digest_of(keys.digest(key.text, SALT), key.text, SALT)


@given(
    st.integers(min_value=0, max_value=52), st.sampled_from(string.ascii_letters + string.digits)
)
def test_one_wrong_letter_shows_without_a_look_into_the_database(place, letter):
    text = keys.make().text
    mistyped = text[:place] + letter + text[place + 1 :]
    assert (keys.public_id_of(mistyped) is None) == (mistyped != text)


@given(st.text(max_size=100) | st.text(alphabet="cdt_aB0", max_size=80))
def test_whatever_is_shown_is_no_key_and_no_crash(text):
    assert keys.public_id_of(text) is None


def test_what_is_stored_depends_on_a_salt_that_is_not_stored():
    text = keys.make().text
    assert keys.digest(text, SALT) != keys.digest(text, "t" * 40)
    assert text not in keys.digest(text, SALT)


@pytest.mark.parametrize("text", ["cdt_", "", "Bearer x", "CDT_x"])
def test_only_a_key_looks_like_one(text):
    assert keys.looks_like_key(text) == text.startswith("cdt_")
