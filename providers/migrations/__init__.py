"""Migrations of the providers app."""
