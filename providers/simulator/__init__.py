"""A local server that speaks the upstreams' own formats over one simulated market."""

from providers.simulator.market import Market
from providers.simulator.simulator import Request, Simulator

__all__ = ["Market", "Request", "Simulator"]
