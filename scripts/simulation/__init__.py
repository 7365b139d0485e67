"""A community in simulated time: `soak` lives through days of it, `scale` measures its growth."""
