"""Compare objects with what was invalidated last, so that an unchanged upload invalidates nothing."""
