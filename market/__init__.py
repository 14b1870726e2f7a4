"""The room of prices: what things cost."""
