"""One file per upstream: build the URL, parse the answer. Nothing else."""
