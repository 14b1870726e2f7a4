"""The pump: everything that talks to the outside, and nothing that knows the rooms."""
