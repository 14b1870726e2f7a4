"""What the benchmarks compare with: the same answers from other servers."""
