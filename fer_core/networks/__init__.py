"""Files of networks, and the runtimes that run them."""
