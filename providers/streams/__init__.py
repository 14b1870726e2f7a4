"""One file per exchange socket: what to say on it, and what a frame means. Nothing else."""
