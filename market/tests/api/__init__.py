"""Tests of the market over HTTP."""
