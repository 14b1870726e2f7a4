"""Keeping the assets: which are tracked, and what they are called where."""

from django.conf import settings
from django.db import transaction

from market import snapshot
from market.catalog import BY_SYMBOL, STABLE
from market.models import Asset
from market.resolver import ALIASES
from market.selectors import assets as selectors


def sync_assets() -> None:
    """Make the store's assets those of the settings; history of others is kept, unlisted.

    Names at providers that the catalog learned since are added; what an operator wrote stays.
    """
    # An asset that shares its ticker is tracked by its own name here, which is spelled exactly.
    own = set(
        Asset.objects.filter(symbol__in=settings.SUPPORTED_SYMBOLS).values_list(
            "symbol", flat=True
        )
    )
    supported = (one if one in own else one.upper() for one in settings.SUPPORTED_SYMBOLS)
    listed = list(dict.fromkeys(ALIASES.get(symbol, symbol) for symbol in supported))
    with transaction.atomic():
        for position, symbol in enumerate([*listed, *(s for s in STABLE if s not in listed)]):
            known = BY_SYMBOL.get(symbol)
            ids = dict(known.ids) if known else {}
            place = {"is_listed": symbol in listed, "position": position}
            name = known.name if known else symbol
            asset, _ = Asset.objects.update_or_create(
                symbol=symbol,
                defaults=place,
                create_defaults={**place, "ticker": symbol, "name": name, "ids": ids},
            )
            if ids.keys() - asset.ids.keys():
                asset.ids = {**ids, **asset.ids}
                asset.save(update_fields=["ids"])
        Asset.objects.exclude(symbol__in=[*listed, *STABLE]).update(is_listed=False)
    snapshot.publish_assets(selectors.stored_entries())
    # Prices say whether their asset is tracked; and what an older release published goes as well.
    snapshot.forget()
