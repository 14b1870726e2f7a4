"""The one HTTP client: pooled sessions, limits on time and size, statuses into exceptions."""

import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util.retry import Retry

from providers.exceptions import (
    BadPayload,
    Blocked,
    NotOffered,
    ProviderError,
    RateLimited,
    Unreachable,
)
from providers.types import Answer

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 3.0
LARGEST_BODY = 32 * 1024 * 1024
# The simulator marks its answers, so that a real market never takes one for real.
SIMULATED_MARK = "X-Simulated-Market"
LONGEST_PAUSE = 24 * 3600
# 418 is how Binance says that asking on after 429 got us banned.
ASKED_TOO_OFTEN = {429, 418}
NOT_FOR_US = {401, 403, 407, 451}
DEEPEST_CAUSE = 8


class PrivateAddress(NewConnectionError):
    """The name led to an address inside this network."""


class _PublicOnly:
    """Refuse a peer that is not on the public internet.

    The peer of the open socket is looked at, not the name: what a name resolved to a moment
    ago says nothing about where the connection went.
    """

    def _new_conn(self) -> socket.socket:
        connection: socket.socket = super()._new_conn()  # type: ignore[misc]
        address = ipaddress.ip_address(connection.getpeername()[0])
        address = getattr(address, "ipv4_mapped", None) or address
        if not address.is_global:
            connection.close()
            raise PrivateAddress(self, f"{address} is not a public address")  # type: ignore[arg-type]
        return connection


class _PublicHTTPConnection(_PublicOnly, HTTPConnection):
    pass


class _PublicHTTPSConnection(_PublicOnly, HTTPSConnection):
    pass


class _PublicHTTPPool(HTTPConnectionPool):
    ConnectionCls = _PublicHTTPConnection


class _PublicHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _PublicHTTPSConnection


class _PublicAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _PublicHTTPPool,
            "https": _PublicHTTPSPool,
        }


_local = threading.local()


def _session(*, public_only: bool) -> requests.Session:
    """Return this thread's session; requests does not promise that one may be shared."""
    name = "public" if public_only else "anywhere"
    session: requests.Session | None = getattr(_local, name, None)
    if session is None:
        session = requests.Session()
        # Proxies and .netrc of whoever started us would send provider keys elsewhere.
        session.trust_env = False
        session.headers["User-Agent"] = f"CryptoDT/{settings.VERSION}"
        once_more = Retry(total=None, connect=1, read=0, redirect=0, status=0, other=0)
        kind = _PublicAdapter if public_only else HTTPAdapter
        session.mount("http://", kind(max_retries=once_more))
        session.mount("https://", kind(max_retries=once_more))
        setattr(_local, name, session)
    return session


def get(
    url: str,
    *,
    params: Mapping[str, str] | None,
    headers: Mapping[str, str] | None,
    seconds: float,
    public_only: bool,
) -> Answer:
    """Return a good answer within `seconds`, or raise the ProviderError that says why not."""
    deadline = time.monotonic() + seconds
    session = _session(public_only=public_only)
    try:
        response = session.get(
            url,
            params=params,
            headers=headers,
            timeout=(min(CONNECT_TIMEOUT, seconds), seconds),
            # A redirect is never part of these APIs, and following it would leave the guard's sight.
            allow_redirects=False,
            stream=True,
        )
        with response:
            _check_market(response)
            text = _body(response, deadline)
    except (requests.RequestException, HTTPError, OSError) as error:
        raise Unreachable(_plain(error)) from None
    if response.status_code != HTTPStatus.OK:
        raise _refusal(response, text)
    return Answer(text, response.headers)


def _check_market(response: requests.Response) -> None:
    is_simulated = SIMULATED_MARK in response.headers
    if is_simulated and not settings.SIMULATED:
        raise BadPayload("is a simulator, and this market is live")
    if settings.SIMULATED and not is_simulated:
        raise BadPayload("is not the simulator, and this market is simulated")


def _body(response: requests.Response, deadline: float) -> str:
    """Read the body piece by piece: a slow one and a huge one both end."""
    length = response.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > LARGEST_BODY:
        raise BadPayload(f"answered with {length} bytes, more than we read")
    body = bytearray()
    while piece := response.raw.read1(65536, decode_content=True):
        body += piece
        if len(body) > LARGEST_BODY:
            raise BadPayload(f"answered with more than {LARGEST_BODY} bytes")
        if time.monotonic() > deadline:
            raise Unreachable("its answer came too slowly")
    is_plain = not response.headers.get("Content-Encoding")
    if is_plain and length.isdigit() and len(body) < int(length):
        raise Unreachable("broke off in the middle of its answer")
    return body.decode("utf-8", errors="replace")


def _refusal(response: requests.Response, text: str) -> ProviderError:
    status = response.status_code
    said = " ".join(text[:160].split()) if not text.lstrip().startswith("<") else "a web page"
    message = f"HTTP {status}: {said}"
    if status in ASKED_TOO_OFTEN:
        return RateLimited(message, retry_after=_retry_after(response))
    if status in NOT_FOR_US:
        return Blocked(message)
    if status == HTTPStatus.NOT_FOUND:
        return NotOffered(message)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return Unreachable(message, retry_after=_retry_after(response))
    return (
        Unreachable(message) if status >= HTTPStatus.INTERNAL_SERVER_ERROR else BadPayload(message)
    )


def _retry_after(response: requests.Response) -> float | None:
    value = response.headers.get("Retry-After", "")
    return min(float(value), LONGEST_PAUSE) if value.isdigit() else None


def _plain(error: Exception) -> str:
    """Say in plain words what went wrong on the way; library texts hold addresses and objects."""
    chain: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(chain) < DEEPEST_CAUSE:
        reason = getattr(cause, "reason", None)
        chain.append(f"{type(cause).__name__} {cause}")
        cause = (
            reason if isinstance(reason, BaseException) else cause.__cause__ or cause.__context__
        )
    whole = " ".join(chain)
    for mark, words in PLAIN:
        if mark in whole:
            return words
    return f"cannot be reached ({type(error).__name__})"


# First match wins: the cause stands deeper in the chain than the library's own wrapping.
PLAIN = (
    ("NameResolutionError", "cannot be reached: its name is not found (is there an internet?)"),
    ("PrivateAddress", "its name leads into this network; it was not asked"),
    ("Connection refused", "cannot be reached: nothing listens at its address"),
    ("unreachable", "cannot be reached: there is no way to its network"),
    ("CertificateError", "its certificate is not valid"),
    ("SSLError", "its certificate is not valid"),
    ("ConnectTimeout", "cannot be reached: it does not accept connections in time"),
    ("ReadTimeout", "did not answer in time"),
    ("timed out", "did not answer in time"),
    ("reset", "broke the connection"),
    ("RemoteDisconnected", "closed the connection without an answer"),
    ("IncompleteRead", "broke off in the middle of its answer"),
    ("Decode", "sent a body that cannot be unpacked"),
)
