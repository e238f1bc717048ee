"""The map as a picture, and what happens to an object: a page on the loopback address, and files."""
