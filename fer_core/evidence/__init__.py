"""The evidence bundle, and how a stranger verifies it."""
