"""Readings over time: the table, its files, corrections, smoothing, statistics. No pictures and no networks in here."""
