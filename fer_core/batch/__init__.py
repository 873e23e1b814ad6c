"""Many recordings as one dataset: read one by one on several processes, with a row for every failure."""
