"""The pump's health over HTTP."""
