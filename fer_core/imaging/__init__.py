"""Pictures as arrays: cutting, turning and shrinking."""
