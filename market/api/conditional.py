"""Answers with a mark: a caller that has the newest one already is told so, and sent nothing."""

from django.utils.http import parse_etags
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from market.selectors.figures import Answer


def respond(request: Request, answer: Answer) -> Response:
    # A page and plain JSON are two things.
    mark = f'{answer.etag[:-1]}.{request.accepted_renderer.format}"'
    held = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    is_held = "*" in held or _strength_aside(mark) in map(_strength_aside, held)
    response = Response(status=status.HTTP_304_NOT_MODIFIED) if is_held else Response(answer.body)
    response["ETag"] = mark
    return response


def _strength_aside(mark: str) -> str:
    return mark.removeprefix("W/")
