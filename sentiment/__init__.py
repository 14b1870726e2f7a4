"""The room of moods: what people feel."""
