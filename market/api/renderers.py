"""Tables for spreadsheets, for a caller that accepts them."""

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import BaseRenderer
from rest_framework.views import APIView


class TableRenderer(BaseRenderer):
    """Lets a caller ask for text/csv. The views write tables themselves; an error stays JSON."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> Any:
        plain = APIView.renderer_classes[0]()
        if renderer_context is not None:
            renderer_context["response"]["Content-Type"] = plain.media_type
        return plain.render(data, plain.media_type, dict(renderer_context or {}))
