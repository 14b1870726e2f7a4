"""Writing: agree, store, then show, then tell."""
