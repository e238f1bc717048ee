"""A limit on the work of a plan, counted, so that no batch depends on the machine or on luck."""

STEPS_A_BRANCH = 16  # to find the parts of a branch, and the wildcards that may be there


class Steps:
    """The steps that a search may still take. One is about a microsecond: a way that is combined with another."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, steps: int) -> bool:
        """Count steps before they are taken, and return whether there is room for them."""
        self.left -= steps
        return self.left >= 0
