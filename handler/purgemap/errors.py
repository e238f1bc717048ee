"""Errors that a person can fix. A child class exists only where somebody catches it by type."""


class PurgemapError(Exception):
    """A mistake of the input or the environment, one line per problem; never a bug of purgemap."""


class PatternError(PurgemapError):
    """An invalid pattern, template or glob of the map; the message gives the reason and what to write."""
