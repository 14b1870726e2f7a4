"""Opening a socket to a venue: never into this network, never to the other market."""

import asyncio
import socket
from contextlib import AsyncExitStack
from http import HTTPStatus
from urllib.parse import urlsplit

from django.conf import settings
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI

from providers import http
from providers.exceptions import BadPayload, Blocked, ProviderError, RateLimited, Unreachable

OPEN_SECONDS = 10.0
CLOSE_SECONDS = 2.0
# A frame is a few hundred bytes; a first list of candles some hundred thousand.
LARGEST_FRAME = 1024 * 1024
# So many frames may wait; then the venue waits. However long they are, that is no burden.
WAITING = 16
PORTS = {"ws": 80, "wss": 443}


async def opened(url: str, *, public_only: bool, stack: AsyncExitStack) -> ClientConnection:
    """Return a connection that the stack closes, or raise the ProviderError that says why not."""
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            sock = await _reached(url, public_only=public_only)
            client = connect(
                url,
                sock=sock,
                proxy=None,
                compression=None,
                max_size=LARGEST_FRAME,
                max_queue=WAITING,
                open_timeout=OPEN_SECONDS,
                close_timeout=CLOSE_SECONDS,
                user_agent_header=f"CryptoDT/{settings.VERSION}",
            )
            try:
                connection = await stack.enter_async_context(client)
            except BaseException:
                sock.close()
                raise
    except InvalidStatus as error:
        raise _refusal(error) from None
    except (InvalidHandshake, InvalidURI) as error:
        if isinstance(error.__cause__, OSError | EOFError):
            raise Unreachable(http.plain(error.__cause__)) from None
        raise BadPayload(f"is no socket: {str(error)[:120]}") from None
    # ValueError: a redirect, which would leave the guard's sight. UnicodeError is one as well.
    except (OSError, EOFError, ValueError) as error:
        raise Unreachable(http.plain(error)) from None
    _check_market(connection)
    return connection


async def _reached(url: str, *, public_only: bool) -> socket.socket:
    """Return a connected socket to the very address that was looked at."""
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    port = parts.port or PORTS.get(parts.scheme, 0)
    found = await loop.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    failure: OSError = OSError("no address")
    for family, kind, protocol, _, address in found:
        if public_only and not http.is_public(str(address[0])):
            raise Unreachable("its name leads into this network; it was not asked")
        sock = socket.socket(family, kind, protocol)
        sock.setblocking(False)
        try:
            await loop.sock_connect(sock, address)
        except OSError as error:
            sock.close()
            failure = error
            continue
        except BaseException:
            sock.close()
            raise
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock
    raise failure


def _refusal(error: InvalidStatus) -> ProviderError:
    status = error.response.status_code
    message = f"HTTP {status} instead of a socket"
    if status in http.ASKED_TOO_OFTEN:
        return RateLimited(message)
    if status in http.NOT_FOR_US:
        return Blocked(message)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unreachable(message)
    return BadPayload(message)


def _check_market(connection: ClientConnection) -> None:
    response = connection.response
    is_simulated = response is not None and http.SIMULATED_MARK in response.headers
    if is_simulated and not settings.SIMULATED:
        raise BadPayload("is a simulator, and this market is live")
    if settings.SIMULATED and not is_simulated:
        raise BadPayload("is not the simulator, and this market is simulated")
