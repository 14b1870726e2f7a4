"""A local server that speaks the upstreams' own formats over one simulated market."""

from providers.simulator.market import Market

__all__ = ["Market"]
