"""A web process that is killed: every client goes on without a loss, or learns that it cannot."""

import os
import signal

from django.conf import settings

from cryptodt.tests.running import Service
from cryptodt.tests.test_feed import Talk

CLIENTS = 8


def test_after_a_kill_every_client_resumes_or_takes_a_snapshot(tmp_path, own_database):
    service = Service(
        tmp_path,
        {
            **own_database,
            "COLLECT_INTERVAL": "1",
            "CACHE_PREFIX": f"test-{tmp_path.name}-{os.getpid()}",
        },
    ).start()
    places = []
    try:
        talks = [Talk(service) for _ in range(CLIENTS)]
        for number, talk in enumerate(talks):
            reply = talk.subscribe("prices")
            place = {"epoch": reply["epoch"], "offset": reply["offset"]}
            # Some are killed before they heard anything, and some after.
            for _ in range(number % 3):
                place["offset"] = talk.next("update")["offset"]
            places.append(place)
        service.stop(signal.SIGKILL)
        service.start()
        for place in places:
            with Talk(service) as talk:
                reply = talk.subscribe("prices", **{"from": place})
                if settings.REDIS_URL:
                    assert reply["recovered"] is True
                    told = [talk.next("update")["offset"] for _ in range(reply["missed"])]
                    assert told == list(range(place["offset"] + 1, reply["offset"] + 1))
                else:
                    assert reply["recovered"] is False
                    assert talk.next("snapshot_required")["reason"] == "epoch"
                    assert talk.next("snapshot")["epoch"] != place["epoch"]
    finally:
        service.stop()
