"""Whose key or token is shown, wherever it is shown; and how often somebody may guess."""

import time
from dataclasses import dataclass
from typing import Self

from accounts import counter, keys, selectors, tokens
from accounts.callers import Caller, network_of
from accounts.proofs import Proof
from cryptodt.common.errors import Refusal, Unauthorized

BEARER = "bearer"
WRONG_PER_MINUTE = 60


class TooManyGuesses(Refusal):
    kind = "RATE_LIMITED"


class NotFromThere(Refusal):
    kind = "FORBIDDEN"


@dataclass(frozen=True, slots=True)
class Shown:
    """A key, or what travels as `Bearer`: a key or a token."""

    key: str = ""
    # An empty one is shown, and wrong.
    bearer: str | None = None

    @classmethod
    def of(cls, *, key: str, authorization: str) -> Self:
        kind, _, shown = authorization.partition(" ")
        return cls(key, shown.strip() if kind.lower() == BEARER else None)


def recognize(shown: Shown, address: str) -> Caller | None:
    """Return whose it is; None when nothing is shown. Raises Unauthorized for a wrong one."""
    return recognized(shown, address) if shown.key or shown.bearer is not None else None


def recognized(shown: Shown, address: str) -> Caller:
    try:
        if shown.bearer is None or shown.key:
            return selectors.known_by_key(shown.key)
        return selectors.known_by_bearer(shown.bearer)
    except Unauthorized:
        _slow_down_guessing(address)
        raise


def proof_of(shown: Shown, caller: Caller) -> Proof:
    """Return what made this caller known, to be looked at again as long as it stays."""
    if shown.key or shown.bearer is None or keys.looks_like_key(shown.bearer):
        return Proof(key_id=caller.key_id)
    return Proof(claims=tokens.read_access(shown.bearer))


def refuse_elsewhere(caller: Caller, address: str, origin: str) -> None:
    if not caller.may_come_from(address):
        raise NotFromThere("This key may not be used from your address.")
    if caller.origins and origin not in caller.origins:
        raise NotFromThere("This key may be used by its own pages only.")


def _slow_down_guessing(address: str) -> None:
    """Nobody guesses a key; but whoever tries is told to stop. A right one is not kept waiting:
    others may have the same address."""
    name = f"wrong:{network_of(address)}"
    if counter.take(name, WRONG_PER_MINUTE, 60, time.time()) is None:
        raise TooManyGuesses("Too many wrong keys from your address.", retry_after=60)
