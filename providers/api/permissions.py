"""Who may ask for what only staff may see and do."""

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from cryptodt.common.errors import Unauthorized


class StaffOnly(BasePermission):
    """Staff; a stranger is told to come in first, and that nobody else may."""

    message = "Only staff may do this."

    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        if not user.is_authenticated:
            raise Unauthorized("Log in first: only staff may do this.")
        # The pages let nobody go on with a one-time password either.
        if getattr(user, "must_change_password", False):
            raise PermissionDenied("Change your one-time password first.")
        return bool(user.is_active and user.is_staff)
