"""The glue between DRF and the rooms; settings name it, so no room imports it."""
