"""The tables of providers, held against what they speak of."""
