"""A permission of a role, before it is written into a policy."""

from typing import NamedTuple


class Permission(NamedTuple):
    """Actions allowed on one resource: the id of their policy statement, and an ARN that may need Fn::Sub."""

    sid: str
    actions: tuple[str, ...]
    arn: str
