"""Tests of the roof, the foundation and the house rules."""
