"""The schema of the map, as package data."""
