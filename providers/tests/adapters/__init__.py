"""Adapters without a network: every answer comes from a payload."""
