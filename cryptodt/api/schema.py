"""What the schema says beside each operation's own answer: how errors look."""

from typing import Any

ERROR = {
    "type": "object",
    "required": ["success", "error", "timestamp"],
    "properties": {
        "success": {"type": "boolean", "enum": [False]},
        "error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "properties": {
                "code": {"type": "string", "example": "INVALID_SYMBOL"},
                "message": {"type": "string"},
                "details": {"type": "object", "additionalProperties": True},
                "retryAfter": {"type": "integer", "description": "Seconds."},
            },
        },
        "timestamp": {"type": "integer", "description": "Milliseconds."},
        "requestId": {"type": "string"},
    },
}
PROBLEM = {
    "type": "object",
    "description": "The same error by RFC 9457, for a caller that accepts it.",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "code": {"type": "string"},
    },
}
ANSWERS = {
    "4XX": "What was asked for is not valid, or not there.",
    "5XX": "Something is missing that an answer needs; `retryAfter` says when to try again.",
}


def add_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Document the error envelope on every operation (drf-spectacular's postprocessing hook)."""
    result["components"]["schemas"] |= {"Error": ERROR, "Problem": PROBLEM}
    content = {
        "application/json": {"schema": {"$ref": "#/components/schemas/Error"}},
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
    }
    for path in result["paths"].values():
        for operation in path.values():
            for answer in operation["responses"].values():
                # Good answers are never problems, whatever was accepted.
                answer.get("content", {}).pop("application/problem+json", None)
            for status, description in ANSWERS.items():
                operation["responses"][status] = {"description": description, "content": content}
    return result
