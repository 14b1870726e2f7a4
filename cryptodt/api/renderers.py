"""Bytes out: JSON that keeps every digit, and the browsable page around it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
from django.conf import settings
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer

from cryptodt.common.money import spell


class ExactJSONRenderer(BaseRenderer):
    """JSON; on a simulated market every answer says so."""

    media_type = "application/json"
    format = "json"
    charset = None
    spacing = 0

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is None:
            return b""
        if settings.SIMULATED and isinstance(data, dict):
            data = {**data, "simulated": True}
        return orjson.dumps(data, default=_spelled, option=orjson.OPT_NON_STR_KEYS | self.spacing)


class ProblemRenderer(ExactJSONRenderer):
    """Lets a caller ask for RFC 9457 problems; what is not a problem is plain JSON."""

    media_type = "application/problem+json"
    format = "problem"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        response = (renderer_context or {}).get("response")
        if response is not None and not response.exception:
            response["Content-Type"] = ExactJSONRenderer.media_type
        return super().render(data, accepted_media_type, renderer_context)


class ReadableJSONRenderer(ExactJSONRenderer):
    """The same, spaced for people."""

    spacing = orjson.OPT_INDENT_2


class PageRenderer(BrowsableAPIRenderer):
    """DRF's browsable page; nothing here is a form, so none is drawn."""

    def get_default_renderer(self, view: Any) -> BaseRenderer:
        return ReadableJSONRenderer()

    def show_form_for_method(self, view: Any, method: str, request: Any, obj: Any) -> bool:
        return False

    def get_rendered_html_form(self, data: Any, view: Any, method: str, request: Any) -> Any:
        return None

    def get_raw_data_form(self, data: Any, view: Any, method: str, request: Any) -> Any:
        return None


def _spelled(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(spell(value))
    raise TypeError(f"{type(value).__name__} has no JSON form")
