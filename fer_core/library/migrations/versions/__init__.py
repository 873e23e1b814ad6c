"""One module a version of the catalogue, named by its number. A version that was released never changes."""
