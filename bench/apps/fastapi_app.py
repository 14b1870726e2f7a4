"""The usual way: FastAPI with response models, a cache with a lifetime, and a limit per caller."""

import os
import time
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel
from slowapi import Limiter
from slowapi.util import get_remote_address

BODY = orjson.loads(Path(os.environ["BENCH_BODY"]).read_bytes())
LIFETIME = 30.0

limiter = Limiter(key_func=get_remote_address)
application = FastAPI()
application.state.limiter = limiter


class Price(BaseModel):
    symbol: str
    name: str
    tracked: bool
    price: float
    priceExact: str
    priceUsd: float
    change1h: float | None
    change24h: float | None
    change7d: float | None
    changePercent24h: float | None
    changeAbs24h: float | None
    volume24h: float | None
    marketCap: float | None
    rank: int | None
    lastUpdate: str
    source: str
    sources: int
    belowQuorum: bool
    spreadPercent: float
    age: int
    stale: bool


class Prices(BaseModel):
    success: bool
    data: list[Price]
    count: int
    missing: list[str]
    source: str
    timestamp: int


class Candle(BaseModel):
    timestamp: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    closed: bool


class Candles(BaseModel):
    success: bool
    data: list[Candle]
    symbol: str
    interval: str
    count: int
    source: str
    timestamp: int


class Cache:
    def __init__(self) -> None:
        self.held: dict[str, tuple[float, Any]] = {}

    def get(self, name: str) -> Any:
        kept = self.held.get(name)
        if kept is None or time.monotonic() - kept[0] > LIFETIME:
            self.held[name] = kept = (time.monotonic(), BODY)
        return kept[1]


cache = Cache()


@application.get("/api/prices", response_model=Prices)
@limiter.limit("1000000000/minute")
async def prices(request: Request, response: Response) -> Any:
    return {**cache.get("prices"), "timestamp": time.time_ns() // 1_000_000}


@application.get("/api/ohlcv", response_model=Candles)
@limiter.limit("1000000000/minute")
async def ohlcv(request: Request, response: Response) -> Any:
    return {**cache.get("ohlcv"), "timestamp": time.time_ns() // 1_000_000}
