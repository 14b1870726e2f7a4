"""The codes a socket is closed with: from 4000 on come back, from 4500 on first change something."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Closing:
    code: int
    reason: str
    # What a client should do about it.
    advice: str


WRONG_KEY = Closing(1008, "the key or token is not good", "Do not come back with the same one.")
RESTARTING = Closing(1012, "the server is restarting", "Come back after a moment, and resume.")
NO_AUTH = Closing(4001, "no auth message came in time", "Come back, and send it first.")
TOO_SLOW = Closing(
    4008, "too slow: what was sent was not taken", "Come back and resume, or ask for less."
)
IDLE = Closing(4009, "idle: nothing was subscribed to", "Come back when there is something to do.")
TOO_MANY_MESSAGES = Closing(
    4029, "too many messages in a second", "Come back after 10 seconds, and send fewer."
)
TOO_MANY_SOCKETS = Closing(
    4030,
    "too many connections for this key or address",
    "Come back when another one was closed, after 30 seconds at the earliest.",
)
CHANGED = Closing(
    4010, "what you may do here has changed", "Come back: the welcome says what you may do now."
)
FAILED = Closing(4011, "something failed here", "Come back after a moment, and resume.")
NOT_ALLOWED = Closing(4503, "this key may not be used from here", "Use it where it is allowed.")

CLOSINGS = (
    WRONG_KEY,
    RESTARTING,
    NO_AUTH,
    TOO_SLOW,
    IDLE,
    CHANGED,
    FAILED,
    TOO_MANY_MESSAGES,
    TOO_MANY_SOCKETS,
    NOT_ALLOWED,
)
