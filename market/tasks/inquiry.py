"""Asking for candles, provider by provider, until an answer can be believed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.utils import timezone

from market import scrutiny
from market.scrutiny import Doubt, Sighting
from providers import gateway
from providers.types import Answered, Candle, CandleAsk, Failure

DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Reply:
    """One provider's candles, or nothing; and what the others said instead."""

    candles: tuple[Candle, ...] = ()
    failures: tuple[Failure, ...] = ()
    # The provider that comes first has no budget left: a minute later it has.
    is_postponed: bool = False

    @property
    def source(self) -> str:
        return self.candles[0].source if self.candles else ""


def current(ask: CandleAsk, sightings: Sequence[Sighting], *, is_patient: bool) -> Reply:
    """Return the first answer that reaches to the present, or else the one that comes closest.

    One market is not another: whoever is patient would rather wait a minute for the budget of the
    first provider than mix the next one's candles into the series.
    """
    failures: list[Failure] = []
    spare: tuple[Candle, ...] = ()
    for answered in answers(ask, sightings):
        if answered.failure is not None:
            if is_patient and answered.failure.reason == "over_budget":
                return Reply(failures=(*failures, answered.failure), is_postponed=True)
            failures.append(answered.failure)
            continue
        candles = tuple(answered.found)
        doubt = scrutiny.weakness(candles, ask, now=timezone.now())
        if doubt is None:
            return Reply(candles, tuple(failures))
        failures.append(_left_out(answered.source, doubt))
        if not spare or candles[-1].opened_at > spare[-1].opened_at:
            spare = candles
    return Reply(spare, tuple(failures))


def answers(ask: CandleAsk, sightings: Sequence[Sighting]) -> Iterator[Answered]:
    """Yield what one provider after the other says; what cannot be believed is a failure.

    Who does not offer a pair is not asked for it again on the same day.
    """
    lacking = _lacking(ask)
    for slug, said in lacking.items():
        yield Answered(slug, None, Failure(slug, "not_offered", said))
    for answered in gateway.walk("candles", ask, without=lacking):
        failure = answered.failure
        if failure is None:
            now = timezone.now()
            doubt = scrutiny.refusal(answered.found, ask, sightings, now=now)
            if doubt is not None:
                yield Answered(answered.source, None, _left_out(answered.source, doubt))
            else:
                found = scrutiny.proven(answered.found, ask, now=now)
                yield Answered(answered.source, found, None)
            continue
        if failure.reason == "not_offered":
            lacking[answered.source] = failure.message
            cache.set(_key(ask), lacking, timeout=DAY)
        yield answered


def _left_out(source: str, doubt: Doubt) -> Failure:
    gateway.report_left_out(source, "candles", doubt.reason)
    return Failure(source, doubt.reason, doubt.said)


def _lacking(ask: CandleAsk) -> dict[str, str]:
    return dict(cache.get(_key(ask)) or {})


def _key(ask: CandleAsk) -> str:
    return f"candles:{ask.symbol}:{ask.currency}:{ask.interval}:not_offered"
