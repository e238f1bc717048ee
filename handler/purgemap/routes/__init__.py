"""The map: which buckets and prefixes feed which distributions."""
