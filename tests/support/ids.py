"""The distributions and the time that tests share."""

# CloudFront's ids are an E and 13 capital letters and digits.
E1, E2, E3 = "E1EXAMPLE1ABCD", "E2EXAMPLE2ABCD", "E3EXAMPLE3ABCD"

NOW = 1_794_441_600.0
"""2026-11-12T00:00:00Z, when the events of `payloads` happen."""
