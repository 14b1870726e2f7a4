"""The market room over HTTP."""
