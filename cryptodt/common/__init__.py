"""The foundation: imports nothing of ours."""
