"""Letters: nobody waits for the mail server, and a broken one costs letters only."""

import logging
import socket
import threading

import pytest
from django.core import mail

from accounts import letters

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def deaf_server(settings):
    """A mail server that takes the call and never says a word, until it is let go."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.EMAIL_BACKEND = SMTP
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.getsockname()
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        is_called = threading.Event()
        let_go = threading.Event()

        def answer():
            connection, _ = server.accept()
            is_called.set()
            let_go.wait(20)
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        yield is_called, let_go
        let_go.set()
        thread.join()
    letters.waiting.join()


def post(to="ann@example.com"):
    letters.post(to, "confirm", user=Somebody(), link="http://testserver/link?a=1&b=<2>")


class Somebody:
    def get_username(self):
        return "O'Neil & <co>"


def test_a_letter_is_plain_text():
    post()
    letters.waiting.join()
    (letter,) = mail.outbox
    assert letter.subject == "Confirm your address at CryptoDT"
    assert "http://testserver/link?a=1&b=<2>" in letter.body
    assert "O'Neil & <co>" in letter.body


def test_nobody_waits_for_a_server_that_says_nothing(deaf_server, caplog):
    is_called, let_go = deaf_server
    post()
    assert is_called.wait(10)
    # The letter is still on its way, and the one who posted it is here already.
    assert letters.waiting.unfinished_tasks == 1
    with caplog.at_level(logging.ERROR):
        let_go.set()
        letters.waiting.join()
    assert "could not be sent" in caplog.text
    assert "ann@example.com" not in caplog.text


def test_the_next_letter_goes_out_after_one_that_could_not(settings, caplog):
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = server.getsockname()[1]
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", nobody
    post()
    letters.waiting.join()
    settings.EMAIL_BACKEND = working
    post("bob@example.com")
    letters.waiting.join()
    assert [letter.to for letter in mail.outbox] == [["bob@example.com"]]


def test_a_flood_of_letters_is_cut_off(deaf_server, caplog):
    is_called, _ = deaf_server
    post()
    assert is_called.wait(10)
    for _ in range(letters.MOST_WAITING + 1):
        post()
    assert "too many are waiting" in caplog.text
    assert letters.waiting.qsize() == letters.MOST_WAITING
    while not letters.waiting.empty():
        letters.waiting.get()
        letters.waiting.task_done()
