"""Listen to the exchanges' sockets, where `up` does not do it already."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from market.tasks.streams import Listening
from providers.ending import finish


class Command(BaseCommand):
    help = "Listen to the exchanges' sockets until Ctrl-C; of all processes one does at a time."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.ENABLE_STREAMS:
            raise CommandError("ENABLE_STREAMS is false: there is nothing to listen to.")
        if not settings.REDIS_URL:
            raise CommandError(
                "Without REDIS_URL nobody would learn what this process hears:"
                " `manage.py up` listens by itself."
            )
        stopped = threading.Event()
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, lambda *_: stopped.set())
        listening = Listening()
        listening.start()
        self.stdout.write(
            "CryptoDT listens to the exchanges' sockets, unless another does already."
        )
        stopped.wait()
        listening.stop()
        self.stdout.write("CryptoDT has stopped listening.")
        finish()
