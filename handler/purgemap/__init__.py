"""Keeps CloudFront caches true to S3."""

__version__ = "0.1.0"
