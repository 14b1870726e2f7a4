"""Reading: from the warm snapshot, or from the store when it is cold."""
