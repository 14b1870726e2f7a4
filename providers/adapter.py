"""What an adapter signs: one small protocol per capability."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from providers.types import Answer, Instrument, Quote


class Get(Protocol):
    """The only way out that an adapter is given: it raises ProviderError for anything odd."""

    def __call__(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Tap:
    """What an adapter works with: the way out, the key if there is one, and the time."""

    get: Get
    key: str
    now: Callable[[], datetime]


class QuotesAdapter(Protocol):
    """One bulk call that brings a quote for each instrument the upstream knows."""

    def quotes(self, instruments: Sequence[Instrument], tap: Tap) -> list[Quote]: ...
