"""Who is inside is still who it was: keys, tokens and sessions that end meanwhile end what they opened.

Every process looks for itself, at all of its connections together, and not at all while everybody
is there without a proof.
"""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Protocol

from accounts.callers import Caller
from accounts.proofs import callers_now
from accounts.recognition import NotFromThere
from cryptodt.closing import CHANGED, NOT_ALLOWED, TOO_MANY_SOCKETS, WRONG_KEY, Closing
from cryptodt.door import Forbidden, Guest, in_thread, refuse_unfit
from market.selectors.assets import index
from providers.outage import Outage

LOOK_SECONDS = 0.5


class Connected(Protocol):
    """A connection whose guest may have to go."""

    guest: Guest

    @property
    def is_over(self) -> bool: ...

    def end(self, closing: Closing) -> None: ...

    def fits(self, caller: Caller, tracked: Collection[str]) -> bool: ...


class Watch:
    """Used on the event loop. Whoever came first is listed first."""

    def __init__(self) -> None:
        self._inside: dict[Connected, None] = {}
        self._job: asyncio.Task[None] | None = None

    def add(self, one: Connected) -> None:
        if one.guest.proof is None:
            return
        self._inside[one] = None
        loop = asyncio.get_running_loop()
        if self._job is None or self._job.done() or self._job.get_loop() is not loop:
            self._job = loop.create_task(self._look_for_ever())

    def drop(self, one: Connected) -> None:
        self._inside.pop(one, None)

    async def _look_for_ever(self) -> None:
        # Who cannot be looked up is not sent away for that; nor is anybody let in.
        outage = Outage("Who is connected cannot be looked up")
        while self._inside:
            await asyncio.sleep(LOOK_SECONDS)
            with outage:
                await self.look()

    async def look(self) -> None:
        """Look once at everybody, and send away who may not be here any more."""
        inside = [one for one in self._inside if not one.is_over]
        proofs = {one.guest.proof for one in inside if one.guest.proof is not None}
        if not proofs:
            return
        now, tracked = await in_thread(lambda: (callers_now(proofs), index().tracked))
        for one in inside:
            if one.guest.proof in now and not one.is_over:
                _follow(one, now[one.guest.proof], tracked)
        _within_seats([one for one in inside if not one.is_over])


def _follow(one: Connected, caller: Caller | None, tracked: Collection[str]) -> None:
    """Have a connection be its guest's of now."""
    guest = one.guest
    if caller == guest.caller:
        return
    if caller is None or caller.bucket != guest.caller.bucket:
        # A page whose person logged out may stay, as anybody; a key that ended may not.
        is_session = guest.proof is not None and guest.proof.session
        one.end(CHANGED if is_session else WRONG_KEY)
        return
    try:
        refuse_unfit(caller, guest.address, guest.origin)
    except (NotFromThere, Forbidden):
        one.end(NOT_ALLOWED)
        return
    if one.fits(caller, tracked):
        one.guest = replace(guest, caller=caller)
    else:
        one.end(CHANGED)


def _within_seats(inside: Iterable[Connected]) -> None:
    """Send away who came last where a caller may have fewer connections than it has."""
    counted: dict[str, int] = {}
    for one in inside:
        caller = one.guest.caller
        taken = counted[caller.bucket] = counted.get(caller.bucket, 0) + 1
        if caller.limits.sockets is not None and taken > caller.limits.sockets:
            one.end(TOO_MANY_SOCKETS)


WATCH = Watch()
