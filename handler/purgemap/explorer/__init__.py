"""The map as a picture: layout, files and the local page."""
