"""The pages of the door: coming in, one's own account, keys, and usage."""
