"""The examples of `examples/` as other teams run them, through the real engine."""
