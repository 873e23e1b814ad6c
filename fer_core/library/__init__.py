"""The library: analyses that somebody chose to keep, in a catalogue (a database) and a store of Parquet files."""
