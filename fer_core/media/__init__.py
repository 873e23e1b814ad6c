"""Safe decoding of pictures and recordings that come from anyone."""
