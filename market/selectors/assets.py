"""Which assets there are, and which of them are collected."""

from collections.abc import Mapping

from django.db.models import Q

from market import snapshot
from market.catalog import STABLE
from market.models import Asset
from providers.types import Instrument


def tracked_symbols() -> list[str]:
    """Return the listed symbols in the operator's order, from the warm names."""
    return list(names())


def names() -> Mapping[str, str]:
    return snapshot.warm_names(listed_names)


def listed_names() -> dict[str, str]:
    return dict(Asset.objects.filter(is_listed=True).values_list("symbol", "name"))


def instruments() -> list[Instrument]:
    """Return what the collection asks for: what is listed, and what converts its prices."""
    wanted = Asset.objects.filter(Q(is_listed=True) | Q(symbol__in=STABLE))
    return [Instrument(asset.symbol, asset.ids) for asset in wanted]
