"""The product without knowing anybody: one caller without limits, nothing counted, nothing told."""

from cryptodt import asgi, express

_CALLER = express.BOOK.find_address("127.0.0.1")


def _everybody(told: object, address: str) -> object:
    return _CALLER


def _admitted(asked: express.Asked, kept: express.Kept) -> bytes:
    return b"x-request-id: %b\r\n" % express.request_id(asked.given_id.decode("latin1")).encode()


express._caller = _everybody  # type: ignore[assignment]
express.Asked.admitted = _admitted  # type: ignore[assignment,method-assign]
application = asgi.application
