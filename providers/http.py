"""The one HTTP client: pooled sessions, limits on time and size, statuses into exceptions."""

import io
import ipaddress
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import HTTPResponse
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
)
from urllib3.util.connection import allowed_gai_family, create_connection
from urllib3.util.retry import Retry

from providers.exceptions import (
    BadPayload,
    Blocked,
    Moved,
    NotOffered,
    ProviderError,
    RateLimited,
    Unreachable,
)
from providers.types import Answer

CONNECT_TIMEOUT = 3.0
LARGEST_BODY = 32 * 1024 * 1024
LARGEST_REFUSAL = 64 * 1024
# The simulator marks its answers, so that a real market never takes one for real.
SIMULATED_MARK = "X-Simulated-Market"
LONGEST_PAUSE = 24 * 3600
# 418 is how Binance says that asking on after 429 got us banned.
ASKED_TOO_OFTEN = {429, 418}
MOVED = {301, 302, 303, 307, 308}
NOT_FOR_US = {401, 403, 407, 451}
DEEPEST_CAUSE = 8
# Shorter ones are numbers and words, and hiding those would hide the reason.
SECRET = 8
MOST_DIGITS = 18
NAT64 = ipaddress.ip_network("64:ff9b::/96")
NO_DELAY: list[tuple[int, int, int | bytes]] = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]


class PrivateAddress(NewConnectionError):
    """The name led to an address inside this network."""


@dataclass(frozen=True, slots=True)
class _Call:
    """The rules of the call that this thread makes now."""

    deadline: float
    public_only: bool

    @property
    def seconds_left(self) -> float:
        return self.deadline - time.monotonic()


class _Local(threading.local):
    call: _Call
    sessions: dict[bool, requests.Session]

    def __init__(self) -> None:
        self.sessions = {}


_local = _Local()


class _Punctual(io.RawIOBase):
    """Reads from a socket until the call's deadline; a socket's own timeout restarts per read."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self.sock, self.raw, self.call = sock, raw, _local.call

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self.call.seconds_left
        if left <= 0:
            raise TimeoutError("timed out")
        self.sock.settimeout(left)
        return self.raw.readinto(buffer)

    def close(self) -> None:
        self.raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Punctual(sock, self.fp.detach()))


class _Careful:
    """A connection that looks where it goes, keeps to the deadline, and notices that it died."""

    host: str
    port: int
    _dns_host: str

    def _new_conn(self) -> socket.socket:
        self._has_answered = False
        failure: OSError = TimeoutError()
        for address in self._addresses():
            # The very address that is connected to: a second look-up could say something else.
            if _local.call.public_only and not is_public(address):
                raise PrivateAddress(self, f"{address} is not a public address")  # type: ignore[arg-type]
            left = _local.call.seconds_left
            if left <= 0:
                break
            try:
                return create_connection(
                    (address, self.port), min(CONNECT_TIMEOUT, left), None, NO_DELAY
                )
            except OSError as error:
                failure = error
        kind = ConnectTimeoutError if isinstance(failure, TimeoutError) else NewConnectionError
        raise kind(self, f"cannot connect: {failure}") from failure  # type: ignore[arg-type]

    def _addresses(self) -> list[str]:
        try:
            found = socket.getaddrinfo(
                self._dns_host.strip("[]"),
                self.port,
                allowed_gai_family(),
                socket.SOCK_STREAM,
            )
        except OSError as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]
        return [str(address[0]) for *_, address in found]

    def getresponse(self) -> Any:
        try:
            response = super().getresponse()  # type: ignore[misc]
        except ConnectionError as error:
            if not self._has_answered:
                raise
            # A kept connection may end while it is idle; what was asked on it is asked again.
            raise NewConnectionError(self, "a kept connection ended") from error  # type: ignore[arg-type]
        self._has_answered = True
        return response


class _CarefulHTTPConnection(_Careful, HTTPConnection):
    response_class = _Response


class _CarefulHTTPSConnection(_Careful, HTTPSConnection):
    response_class = _Response


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _CarefulHTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _CarefulHTTPSConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _Session(requests.Session):
    def get_redirect_target(self, resp: Any) -> None:
        """Look into no redirect: for that, the library reads its whole body, however long."""


def is_public(text: str) -> bool:
    """Say whether an address is one of the internet, and not of this network."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        through = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None
        address = address.ipv4_mapped or address.sixtofour or through or address
    return address.is_global and not address.is_multicast


def _session(*, public_only: bool) -> requests.Session:
    """Return this thread's session; requests does not promise that one may be shared."""
    session = _local.sessions.get(public_only)
    if session is None:
        # One each, so that no connection made without the guard serves a call that wants it.
        session = _local.sessions[public_only] = _Session()
        # Proxies and .netrc of whoever started us would send provider keys elsewhere.
        session.trust_env = False
        session.headers["User-Agent"] = f"CryptoDT/{settings.VERSION}"
        once_more = Retry(total=None, connect=1, read=0, redirect=0, status=0, other=0)
        session.mount("http://", _Adapter(max_retries=once_more))
        session.mount("https://", _Adapter(max_retries=once_more))
    return session


def get(
    url: str,
    *,
    params: Mapping[str, str] | None,
    headers: Mapping[str, str] | None,
    seconds: float,
    public_only: bool,
    most: int = LARGEST_BODY,
) -> Answer:
    """Return a good answer within `seconds`, or raise the ProviderError that says why not."""
    _local.call = _Call(time.monotonic() + seconds, public_only)
    session = _session(public_only=public_only)
    try:
        response = session.get(
            url,
            params=params,
            headers=headers,
            timeout=(min(CONNECT_TIMEOUT, seconds), seconds),
            # A redirect is never part of these APIs, and following it would leave the guard's sight:
            # who must follow one asks anew, and the address is looked at anew.
            allow_redirects=False,
            stream=True,
        )
        with response:
            _check_market(response)
            if response.status_code != HTTPStatus.OK:
                sent = [*(headers or {}).values(), *(params or {}).values()]
                raise _refusal(response, hidden=[text for text in sent if len(text) >= SECRET])
            text = _body(response, most)
    # UnicodeError: a name or a key with letters that cannot stand there.
    except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
        raise Unreachable(plain(error)) from None
    return Answer(text, response.headers)


def _check_market(response: requests.Response) -> None:
    is_simulated = SIMULATED_MARK in response.headers
    if is_simulated and not settings.SIMULATED:
        raise BadPayload("is a simulator, and this market is live")
    if settings.SIMULATED and not is_simulated:
        raise BadPayload("is not the simulator, and this market is simulated")


def _body(response: requests.Response, most: int) -> str:
    """Read the body piece by piece: a huge one ends at the limit, a slow one at the deadline."""
    length = response.headers.get("Content-Length", "")
    if _is_whole(length) and int(length) > most:
        raise BadPayload(f"answered with {length} bytes, more than we read")
    body = bytearray()
    while piece := response.raw.read1(65536, decode_content=True):
        body += piece
        if len(body) > most:
            raise BadPayload(f"answered with more than {most} bytes")
    return body.decode("utf-8", errors="replace")


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS


def _refusal(response: requests.Response, hidden: Iterable[str]) -> ProviderError:
    status = response.status_code
    message = f"HTTP {status}: {_said(response, hidden)}"
    if status in MOVED:
        return Moved(message, location=response.headers.get("Location", ""))
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


def _said(response: requests.Response, hidden: Iterable[str]) -> str:
    try:
        text = _body(response, LARGEST_REFUSAL)
    except (ProviderError, HTTPError, OSError):
        # The status says enough.
        return "(nothing readable)"
    if text.lstrip().startswith("<"):
        return "a web page"
    for secret in hidden:
        # Some upstreams repeat the key that they refuse.
        text = text.replace(secret, "...")
    return " ".join(text[:160].split())


def _retry_after(response: requests.Response) -> float | None:
    """Return the seconds to wait: the header holds them, or the date they end at."""
    value = response.headers.get("Retry-After", "")
    try:
        if _is_whole(value):
            seconds = float(value)
        else:
            moment = parsedate_to_datetime(value)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            seconds = (moment - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(seconds, LONGEST_PAUSE) if seconds > 0 else None


def plain(error: BaseException) -> str:
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
    ("gaierror", "cannot be reached: its name is not found (is there an internet?)"),
    ("NameResolutionError", "cannot be reached: its name is not found (is there an internet?)"),
    ("PrivateAddress", "its name leads into this network; it was not asked"),
    ("ConnectionRefused", "cannot be reached: nothing listens at its address"),
    ("Connection refused", "cannot be reached: nothing listens at its address"),
    ("unreachable", "cannot be reached: there is no way to its network"),
    ("SSLCert", "its certificate is not valid"),
    ("CertificateError", "its certificate is not valid"),
    ("SSLError", "its certificate is not valid"),
    ("ConnectTimeout", "cannot be reached: it does not accept connections in time"),
    ("TimeoutError", "did not answer in time"),
    ("ReadTimeout", "did not answer in time"),
    ("timed out", "did not answer in time"),
    ("reset", "broke the connection"),
    ("EOFError", "closed the connection without an answer"),
    ("RemoteDisconnected", "closed the connection without an answer"),
    ("IncompleteRead", "broke off in the middle of its answer"),
    ("Decode", "sent a body that cannot be unpacked"),
)
