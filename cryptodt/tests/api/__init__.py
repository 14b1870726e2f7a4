"""Tests of the glue between DRF and the rooms."""
