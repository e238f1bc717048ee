"""One distribution's invalidations, by id and by caller reference."""

from typing import NamedTuple, Self

from support.doubles.cloudfront_errors import ServiceError
from support.doubles.cloudfront_faults import Call
from support.doubles.cloudfront_quotas import DistributionQuotas, ItemRates
from support.doubles.cloudfront_rules import reference_conflict
from support.doubles.cloudfront_settings import Settings


class Invalidation(NamedTuple):
    """An accepted batch; times are seconds of the double's clock."""

    id: str
    status: str  # InProgress, then Completed
    created: float
    completes: float
    distribution: str
    items: tuple[str, ...]
    caller_reference: str

    def at(self, now: float) -> Self:
        """Return the invalidation with its status at that time."""
        return self._replace(status="Completed") if self.completes <= now else self


class Page(NamedTuple):
    """Invalidations, newest first; `next_marker` is empty on the last page."""

    items: tuple[Invalidation, ...]
    next_marker: str


class Invalidations:
    """The invalidations that one distribution accepted, and its quotas."""

    __slots__ = ("_by_id", "_by_reference", "quotas")

    def __init__(self) -> None:
        self.quotas = DistributionQuotas()
        self._by_id: dict[str, Invalidation] = {}
        self._by_reference: dict[str, Invalidation] = {}

    def all(self, now: float) -> list[Invalidation]:
        """List them, oldest first."""
        return [invalidation.at(now) for invalidation in self._by_id.values()]

    def get(self, invalidation: str, now: float) -> Invalidation:
        """Return one by id; raises ServiceError."""
        if invalidation not in self._by_id:
            raise ServiceError("NoSuchInvalidation")
        return self._by_id[invalidation].at(now)

    def page(self, marker: str, max_items: int, now: float) -> Page:
        """ "The most recent results are on the first page"; a marker is the last id of the previous page.

        https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListInvalidations.html
        """
        newest_first = self.all(now)[::-1]
        ids = ["", *(invalidation.id for invalidation in newest_first)]
        if marker not in ids:
            raise ServiceError("InvalidArgument", "The marker is invalid.")
        rest = newest_first[ids.index(marker) :]
        page = tuple(rest[:max_items])
        return Page(page, page[-1].id if len(rest) > max_items else "")

    def replay(self, call: Call, settings: Settings, now: float) -> Invalidation | None:
        """Return the reference's earlier invalidation, None without one; raises ServiceError for other items.

        https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_InvalidationBatch.html
        """
        earlier = self._by_reference.get(call.caller_reference)
        if earlier and earlier.items != call.items:
            raise reference_conflict(settings.conflict_code)
        return earlier and earlier.at(now)

    def accept(
        self, call: Call, invalidation_id: str, rates: ItemRates, settings: Settings, now: float
    ) -> Invalidation:
        """Accept a new one within the quotas; raises ServiceError."""
        self.quotas.take(call.items, rates, settings, now)
        accepted = Invalidation(
            id=invalidation_id,
            status="InProgress",
            created=now,
            completes=now + settings.seconds_to_complete,
            distribution=call.distribution,
            items=call.items,
            caller_reference=call.caller_reference,
        )
        self._by_id[accepted.id] = self._by_reference[call.caller_reference] = accepted
        return accepted.at(now)
