"""Tests of the door over HTTP."""
