"""Whether the product works on this machine, and how fast."""
