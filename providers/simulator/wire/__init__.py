"""The upstreams' own languages: a view of the market and a query in, an answer out."""
