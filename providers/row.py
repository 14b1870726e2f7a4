"""One provider, as the code knows it: what it offers, where it is, and what it may be asked."""

from dataclasses import dataclass, field
from typing import Any, Literal

from django.conf import settings

from providers.adapter import CAPABILITIES, STREAM
from providers.stream import Stream

Kind = Literal["aggregator", "exchange", "chain", "defi", "mood", "news"]
NeedsKey = Literal["no", "optional", "required"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`every` is how often its data is worth asking for, `budget` what it allows per minute."""

    slug: str
    name: str
    kind: Kind
    adapter: Any
    origin: str
    budget: int
    every: float = 0
    # What else answers to the same name, tried when the origin does not do well.
    mirrors: tuple[str, ...] = ()
    needs_key: NeedsKey = "no"
    # Asked by a fresh installation: without a key, and well inside every free limit.
    is_default: bool = False
    # A live feed whose prices all stand still for this long is not live.
    frozen_after: float = 300
    # Lower is asked first where a pool has an order.
    order: int = 100
    offers: tuple[str, ...] = field(default=())
    # What it says by itself over a socket.
    stream: Stream | None = None

    def __post_init__(self) -> None:
        if not self.offers:
            found = tuple(
                name for name, method in CAPABILITIES.items() if hasattr(self.adapter, method)
            )
            object.__setattr__(self, "offers", found)
        if self.stream is not None and STREAM not in self.offers:
            object.__setattr__(self, "offers", (*self.offers, STREAM))

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it is asked: an operator's address for it, or for all, or its own."""
        if self.slug in settings.PROVIDER_URLS:
            return (str(settings.PROVIDER_URLS[self.slug]).rstrip("/"),)
        if settings.PROVIDERS_BASE_URL:
            return (f"{settings.PROVIDERS_BASE_URL.rstrip('/')}/{self.slug}",)
        return (self.origin, *self.mirrors)

    @property
    def stream_addresses(self) -> tuple[str, ...]:
        """Where its socket is: an operator's address for it, or the one for all, or its own."""
        if self.stream is None:
            return ()
        if self.slug in settings.PROVIDER_STREAM_URLS:
            return (str(settings.PROVIDER_STREAM_URLS[self.slug]).rstrip("/"),)
        if settings.PROVIDERS_BASE_URL:
            # The same server speaks both: http becomes ws, and https becomes wss.
            base = settings.PROVIDERS_BASE_URL.rstrip("/")
            return (f"ws{base.removeprefix('http')}/{self.slug}",)
        return self.stream.origins

    @property
    def is_stream_redirected(self) -> bool:
        """Say whether an operator set the socket's address; only such a one may be near."""
        return self.slug in settings.PROVIDER_STREAM_URLS or bool(settings.PROVIDERS_BASE_URL)

    @property
    def is_redirected(self) -> bool:
        """Say whether an operator set the address; only such a one may be on this machine."""
        return self.addresses[0] != self.origin
