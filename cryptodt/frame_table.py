"""Every frame of protocol version 1, field by field: what the documents say and tests hold. Pure."""

from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
YES: Schema = {"type": "boolean"}
TEXTS: Schema = {"type": "array", "items": TEXT}
OBJECT: Schema = {"type": "object"}
OBJECTS: Schema = {"type": "array", "items": OBJECT}
NAME: Schema = {"type": ["string", "integer"]}
PLACE: Schema = {
    "type": "object",
    "properties": {"epoch": TEXT, "offset": WHOLE},
    "required": ["epoch", "offset"],
}
CLIENT, SERVER = "client", "server"


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    about: str
    schema: Schema
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    name: str
    sender: str
    about: str
    fields: tuple[Field, ...] = ()

    @property
    def schema(self) -> Schema:
        properties = {one.name: {**one.schema, "description": one.about} for one in self.fields}
        simulated = {**YES, "description": "True when nothing here is real."}
        required = [one.name for one in self.fields if not one.is_optional]
        return {
            "type": "object",
            "properties": {
                "type": {"const": self.name},
                **properties,
                **({"simulated": simulated} if self.sender == SERVER else {}),
            },
            "required": ["type", *required],
            # Clients may say more than we read; we say nothing that is not written here.
            "additionalProperties": self.sender == CLIENT or self.name == "error",
        }


_ID = Field("id", "A text or number of the client's, repeated in every answer.", NAME, True)
_TOPIC = Field("topic", "The topic, in its one spelling.", TEXT)
_EPOCH = Field("epoch", "Whose count the offset is: two epochs have no common count.", TEXT)
_OFFSET = Field("offset", "The place in the topic; each message is one further.", WHOLE)
_TS = Field("ts", "When it happened, in milliseconds.", WHOLE)
_SENT = Field("sent", "When the frame was written, in milliseconds.", WHOLE)
_DATA = Field("data", "The objects, in the shape that the HTTP interface has.", OBJECTS)
_TIMESTAMP = Field("timestamp", "The server's clock, in milliseconds.", WHOLE)
_LIMITS = Field("limits", "What this caller may do, and in which tier it is.", OBJECT)

FRAMES = (
    Frame(
        "auth",
        CLIENT,
        "Shows a key or a token. It is the first message, within 5 seconds.",
        (
            Field("key", "An API key.", TEXT, True),
            Field("token", "A token, or a key, as in `Authorization: Bearer`.", TEXT, True),
            _ID,
        ),
    ),
    Frame(
        "subscribe",
        CLIENT,
        "Asks for topics. What stands beside them counts for all; each may have its own.",
        (
            Field("topic", "One topic.", TEXT, True),
            Field(
                "topics",
                "Several: texts, or objects with the same fields.",
                {"type": "array"},
                True,
            ),
            Field("from", "Where the client is: what it missed since is sent first.", PLACE, True),
            Field(
                "throttle_ms",
                "The least time between two updates of a state; refused for events.",
                WHOLE,
                True,
            ),
            Field("fields", "Send only these fields of each object.", TEXTS, True),
            _ID,
        ),
    ),
    Frame(
        "unsubscribe",
        CLIENT,
        "Ends subscriptions.",
        (
            Field("topic", "One topic.", TEXT, True),
            Field("topics", "Several.", {"type": "array"}, True),
        ),
    ),
    Frame("ping", CLIENT, "Asks for a `pong`."),
    Frame("pong", CLIENT, "Answers a heartbeat; nobody has to."),
    Frame("get_stats", CLIENT, "Asks for `stats_update`."),
    Frame(
        "welcome",
        SERVER,
        "The first frame. Without the subprotocol `cryptodt.v1` the same comes before it as"
        " `connected`, for older clients.",
        (
            Field("protocol", "The version of the protocol.", WHOLE),
            Field("session", "The name of this connection, for a log.", TEXT),
            Field("server_time", "The server's clock, in milliseconds.", WHOLE),
            Field("heartbeat", "How many seconds lie between two heartbeats.", NUMBER),
            _EPOCH,
            Field("window", "For how many seconds back a client can resume.", NUMBER),
            Field("market", "`live` or `simulated`.", TEXT),
            _LIMITS,
            Field("topics", "What there is: `topic`, `kind`, `about`, `silent_after`.", OBJECTS),
        ),
    ),
    Frame("authenticated", SERVER, "The key or token was good.", (_LIMITS,)),
    Frame(
        "subscribed",
        SERVER,
        "The subscription stands, from this place on.",
        (
            _TOPIC,
            _EPOCH,
            _OFFSET,
            Field(
                "recovered",
                "True when everything since `from` follows, false when a snapshot is needed, null"
                " without `from`.",
                {"type": ["boolean", "null"]},
            ),
            Field("missed", "How many messages follow that were missed.", WHOLE, True),
            Field("throttle_ms", "As it was asked for.", WHOLE),
            Field("fields", "As they were asked for.", {"type": ["array", "null"]}),
            _ID,
        ),
    ),
    Frame(
        "recovered",
        SERVER,
        "Everything that was missed has been sent.",
        (
            _TOPIC,
            Field("recovered", "Always true.", YES),
            Field("missed", "How many messages there were.", WHOLE),
            _EPOCH,
            _OFFSET,
        ),
    ),
    Frame(
        "snapshot_required",
        SERVER,
        "What the client has cannot be brought up to date. A snapshot follows.",
        (
            _TOPIC,
            Field(
                "reason",
                "`epoch`: the count began anew; `expired`: longer ago than the window; `ahead`:"
                " this server never was there; `lost`: something was lost between our processes;"
                " `many`: so much changed at once, or was not told in time, that it is to be read"
                " instead.",
                {"enum": ["epoch", "expired", "ahead", "lost", "many"]},
            ),
            _EPOCH,
            _OFFSET,
        ),
    ),
    Frame(
        "snapshot",
        SERVER,
        "How the topic stands. It holds at least everything up to its offset.",
        (
            Field("snapshot", "Always true.", YES),
            _EPOCH,
            _TOPIC,
            _OFFSET,
            Field(
                "ts",
                "When the last of it happened, in milliseconds; null while nothing has.",
                {"type": ["integer", "null"]},
            ),
            _SENT,
            _DATA,
        ),
    ),
    Frame(
        "update",
        SERVER,
        "News of a topic. Corrections come as updates, too.",
        (
            Field(
                "skipped",
                "How many messages this one replaces, for a client that is slow or throttled.",
                WHOLE,
                True,
            ),
            _TOPIC,
            _OFFSET,
            _TS,
            _SENT,
            _DATA,
        ),
    ),
    Frame(
        "stale",
        SERVER,
        "Nothing was told of a topic for longer than it should take. The next update ends it.",
        (_TOPIC, _OFFSET, Field("silent", "For how many seconds nothing was told.", WHOLE), _SENT),
    ),
    Frame(
        "heartbeat",
        SERVER,
        "Says that the connection is alive.",
        (
            _TIMESTAMP,
            Field(
                "offsets",
                "How far each topic was sent on this connection: a client that is not there has"
                " lost something.",
                {"type": "object", "additionalProperties": WHOLE},
            ),
        ),
    ),
    Frame("pong", SERVER, "Answers a `ping`.", (_TIMESTAMP,)),
    Frame(
        "unsubscribed",
        SERVER,
        "The subscription has ended.",
        (_TOPIC, Field("was_subscribed", "False when there was none.", YES)),
    ),
    Frame(
        "stats_update",
        SERVER,
        "What this process knows of its connections.",
        (
            Field("data", "`active_connections`, and one's own `subscriptions`.", OBJECT),
            _TIMESTAMP,
        ),
    ),
    Frame(
        "shutdown",
        SERVER,
        "The server is about to restart and to close this connection.",
        (
            Field(
                "reconnect_in_ms",
                "After how many milliseconds to come back: from 500 to 5000, another time for each"
                " client.",
                WHOLE,
            ),
            Field("reason", "Why.", TEXT),
            _TIMESTAMP,
        ),
    ),
    Frame(
        "closed",
        SERVER,
        "Over plain HTTP, the last event: what a socket is told in its close frame.",
        (
            Field("code", "The close code.", WHOLE),
            Field("reason", "Why.", TEXT),
        ),
    ),
    Frame(
        "error",
        SERVER,
        "Something that was asked for cannot be had. The connection goes on; after a wrong key it is"
        " closed.",
        (
            Field("code", "A stable word, the same as over HTTP.", TEXT),
            Field("message", "The same for a person.", TEXT),
            Field("topic", "Which topic it was about.", TEXT, True),
            Field("retry_after", "After how many seconds it makes sense again.", WHOLE, True),
            _ID,
        ),
    ),
)
