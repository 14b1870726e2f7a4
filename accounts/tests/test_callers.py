"""Who was recognized is believed for less than a second, and looked up again by one at a time."""

import pytest

from accounts import callers
from accounts.callers import Book, anonymous
from cryptodt.common.errors import Unauthorized

SHOWN = b"a key"
ANN = anonymous("203.0.113.7")


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is moved."""
    now = [1000.0]
    monkeypatch.setattr("accounts.callers.time.monotonic", lambda: now[0])
    return now


def never():
    raise Unauthorized("Invalid API key")


def test_nobody_is_believed_for_a_second():
    assert callers.BELIEVED + callers.LOOKING < 1


def test_one_looks_again_and_the_others_meanwhile_need_not(clock):
    book = Book()
    book.recognize(SHOWN, lambda: ANN)
    clock[0] += callers.BELIEVED + 0.01
    found = [book.known_by(SHOWN) for _ in range(3)]
    assert [one and one.caller for one in found] == [None, ANN, ANN]
    clock[0] += callers.LOOKING
    assert book.known_by(SHOWN) is None


def test_a_refusal_is_not_outlived_by_what_was_believed(clock):
    book = Book()
    book.recognize(SHOWN, lambda: ANN)
    clock[0] += callers.BELIEVED + 0.01
    with pytest.raises(Unauthorized):
        book.recognize(SHOWN, never)
    assert book.known_by(SHOWN) is None


def test_forgetting_is_at_once(clock):
    book = Book()
    book.recognize(SHOWN, lambda: ANN)
    held = book.known_by(SHOWN)
    book.forget()
    assert book.known_by(SHOWN) is None
    # Nor does whoever holds the entry go on believing it.
    assert held is not None
    assert held.until < clock[0]


def test_no_key_lies_in_the_book():
    book = Book()
    book.recognize(SHOWN, lambda: ANN)
    assert SHOWN not in book.known
