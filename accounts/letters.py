"""Letters to people: written at once, sent by a thread, so that no page waits for a mail server.

It also keeps secret whether a letter was sent: a page takes the same time with and without.
"""

import logging
import threading
from queue import Full, Queue
from smtplib import SMTPException
from typing import Any

from django.core.mail import EmailMessage
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)

# While the mail server is away so many wait; the rest is lost, and can be asked for again.
MOST_WAITING = 200

waiting: Queue[EmailMessage] = Queue(MOST_WAITING)
_lock = threading.Lock()
_sender: threading.Thread | None = None


def post(to: str, letter: str, **context: Any) -> None:
    """Send the letter `accounts/mail/<letter>.txt`, whose first line is its subject."""
    text = render_to_string(f"accounts/mail/{letter}.txt", context)
    subject, _, body = text.strip().partition("\n")
    try:
        waiting.put_nowait(EmailMessage(subject.strip(), body.strip() + "\n", to=[to]))
    except Full:
        logger.error("A letter is lost: too many are waiting for the mail server")
    _start()


def _start() -> None:
    global _sender
    with _lock:
        if _sender is None or not _sender.is_alive():
            _sender = threading.Thread(target=_send_on, name="letters", daemon=True)
            _sender.start()


def _send_on() -> None:
    while True:
        message = waiting.get()
        try:
            message.send()
        except (OSError, SMTPException, ValueError):
            # Neither the address nor the text: a log is no place for either.
            logger.exception("A letter could not be sent")
        finally:
            waiting.task_done()
