"""Files of networks, and what runs them."""
