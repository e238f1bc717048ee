"""A map and the installed, locked distributions → the function's zip, byte for byte the same every time."""
