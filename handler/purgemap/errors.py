"""Errors that a person can fix."""


class PurgemapError(Exception):
    """A mistake of the input or the environment, in one line per problem; never a bug of ours."""


class PatternError(PurgemapError):
    """A pattern, template or glob of the map that can't be read; the message says why and what to write."""


class MalformedEventError(PurgemapError):
    """A record that claims to be an S3 event and can't be read as one."""
