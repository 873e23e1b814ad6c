"""Running networks from their files."""
