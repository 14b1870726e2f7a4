"""One table per kind of provider."""
