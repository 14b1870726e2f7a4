"""What the room of prices keeps."""

from market.models.assets import Alias, Asset, Standing
from market.models.candles import Candle, Correction, Gap, Series, Source
from market.models.figures import (
    DefiProtocol,
    GlobalSnapshot,
    Rate,
    TrendingAsset,
    TvlDay,
)
from market.models.prices import Price, PricePoint

__all__ = [
    "Alias",
    "Asset",
    "Candle",
    "Correction",
    "DefiProtocol",
    "Gap",
    "GlobalSnapshot",
    "Price",
    "PricePoint",
    "Rate",
    "Series",
    "Source",
    "Standing",
    "TrendingAsset",
    "TvlDay",
]
