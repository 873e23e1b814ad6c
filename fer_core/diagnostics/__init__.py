"""Self-test and benchmarks of the product on this machine."""
