#!/usr/bin/env python
"""The door for operators: every command of the project starts here."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cryptodt.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # The text says what to change; where it was noticed helps nobody.
        sys.exit(f"CryptoDT cannot start: {error}")
