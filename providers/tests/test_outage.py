"""Trouble elsewhere: however long it lasts, the next try comes."""

from providers.outage import Outage


def test_the_next_try_comes_later_each_time_and_never_too_late():
    outage, waits = Outage("It cannot be stored"), []
    for _ in range(5000):
        with outage:
            raise OSError
        waits.append(outage.delay(60))
    assert waits[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert waits[-1] == 60
    with outage:
        pass
    assert outage.failures == 0
