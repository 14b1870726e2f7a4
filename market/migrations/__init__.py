"""Migrations of the market app."""
