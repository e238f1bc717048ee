"""CloudFront's invalidation API on a settable clock, and the caches behind it.

It judges purgemap, so it shares no code with it. What AWS publishes is enforced as written. Where AWS publishes nothing
or contradicts itself, the stricter reading holds, and a setting has the other one if it matters. `add` a `Site`, `put`
objects, `view` URLs, call the API, and list what is `stale`.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from support.doubles.clock import Clock
from support.doubles.cloudfront_cache import MISSING, Cache, Stale
from support.doubles.cloudfront_edge import Edge
from support.doubles.cloudfront_errors import ERRORS, ConnectionCutError, ServiceError
from support.doubles.cloudfront_faults import Call, Fault, Faults
from support.doubles.cloudfront_invalidations import Invalidation, Invalidations, Page
from support.doubles.cloudfront_ledger import Ledger, Peak, Record
from support.doubles.cloudfront_quotas import ItemRates, TokenBucket
from support.doubles.cloudfront_rules import check_batch, check_reference
from support.doubles.cloudfront_settings import Rate, Settings
from support.doubles.cloudfront_site import ACCOUNT, Site

__all__ = [
    "ACCOUNT",
    "ERRORS",
    "MISSING",
    "Cache",
    "Call",
    "Caller",
    "Clock",
    "CloudFrontDouble",
    "ConnectionCutError",
    "Fault",
    "Invalidation",
    "Page",
    "Peak",
    "Rate",
    "Record",
    "ServiceError",
    "Settings",
    "Site",
    "Stale",
]

# The maximum of a page of ListInvalidations, and its default:
# https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListInvalidations.html
MAX_PAGE = 100

_TENANT = "ForDistributionTenant"

_Answer = TypeVar("_Answer")


class Caller(NamedTuple):
    """An account that calls, and the role that it assumed, if any."""

    account: str
    role: str = ""


class CloudFrontDouble(Edge):
    """Every account's CloudFront. A caller is an account's id, or a Caller.

    Calls raise ServiceError, and ConnectionCutError for a fault with a cut. `wait` waits for a fault's delay:
    `time.sleep` behind real sockets, the clock's `advance` in a simulation.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        settings: Settings | None = None,
        *,
        wait: Callable[[float], object] = lambda _: None,
    ) -> None:
        super().__init__(clock, settings)
        self.faults = Faults()
        self.ledger = Ledger()
        self.wait = wait
        self._invalidations: dict[str, Invalidations] = {}
        self._call_buckets: dict[str, TokenBucket] = {}
        self._item_rates: dict[str, ItemRates] = {}
        self._accepted = 0

    def create_invalidation(
        self,
        caller: str | Caller,
        distribution: str,
        items: Sequence[str],
        caller_reference: str,
        *,
        quantity: int | None = None,
    ) -> Invalidation:
        """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html"""
        call = self._call("CreateInvalidation", caller, distribution, items, caller_reference)
        return self._answer(call, lambda: self._create(call, quantity))

    def create_invalidation_for_tenant(
        self,
        caller: str | Caller,
        tenant: str,
        items: Sequence[str],
        caller_reference: str,
        *,
        quantity: int | None = None,
    ) -> Invalidation:
        """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidationForDistributionTenant.html"""
        call = self._call("CreateInvalidation" + _TENANT, caller, tenant, items, caller_reference)
        return self._answer(call, lambda: self._create(call, quantity))

    def get_invalidation(self, caller: str | Caller, distribution: str, invalidation: str) -> Invalidation:
        """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GetInvalidation.html"""
        call = self._call("GetInvalidation", caller, distribution)
        return self._answer(call, lambda: self._get(call, invalidation))

    def get_invalidation_for_tenant(self, caller: str | Caller, tenant: str, invalidation: str) -> Invalidation:
        """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GetInvalidationForDistributionTenant.html"""
        call = self._call("GetInvalidation" + _TENANT, caller, tenant)
        return self._answer(call, lambda: self._get(call, invalidation))

    def list_invalidations(
        self, caller: str | Caller, distribution: str, *, marker: str = "", max_items: int = MAX_PAGE
    ) -> Page:
        """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListInvalidations.html"""
        call = self._call("ListInvalidations", caller, distribution)
        return self._answer(call, lambda: self._list(call, marker, max_items))

    def list_invalidations_for_tenant(
        self, caller: str | Caller, tenant: str, *, marker: str = "", max_items: int = MAX_PAGE
    ) -> Page:
        """https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListInvalidationsForDistributionTenant.html"""
        call = self._call("ListInvalidations" + _TENANT, caller, tenant)
        return self._answer(call, lambda: self._list(call, marker, max_items))

    def accepted(self, distribution: str) -> list[Invalidation]:
        """List the invalidations that a distribution accepted, oldest first, without counting a call."""
        with self._lock:
            return self._of(distribution).all(self._clock())

    def _call(
        self,
        operation: str,
        caller: str | Caller,
        distribution: str,
        items: Sequence[str] = (),
        caller_reference: str = "",
    ) -> Call:
        who = Caller(caller) if isinstance(caller, str) else caller
        return Call(operation, *who, distribution, tuple(items), caller_reference, self._clock())

    def _answer(self, call: Call, process: Callable[[], tuple[_Answer, str]]) -> _Answer:
        with self._lock:
            fault = self.faults.take(call)
        if fault.delay:
            self.wait(fault.delay)  # without the lock: a slow answer must not delay other calls
        with self._lock:
            self._strike(call, fault)
            return self._process(call, process, is_lost=fault.cut == "after")

    def _strike(self, call: Call, fault: Fault) -> None:
        if fault.error:
            self.ledger.record(call, fault.error)
            raise ServiceError(fault.error, status=fault.status)
        if fault.cut == "before":
            self.ledger.record(call, "cut")
            raise ConnectionCutError("before")

    def _process(self, call: Call, process: Callable[[], tuple[_Answer, str]], *, is_lost: bool) -> _Answer:
        """Process and record the call, even if its answer is lost."""
        try:
            answer, outcome = process()
        except ServiceError as refused:
            self.ledger.record(call, refused.code + "+cut" * is_lost)
            if is_lost:
                raise ConnectionCutError("after") from refused
            raise
        self.ledger.record(call, outcome + "+cut" * is_lost)
        if is_lost:
            raise ConnectionCutError("after")
        return answer

    def _create(self, call: Call, quantity: int | None) -> tuple[Invalidation, str]:
        """Refuse in this order: the call's rate, permissions, existence, the batch, its reference, quotas."""
        now = self._settle()
        self._check_call_rate(call.account, now)
        known = self._authorized(call)
        actual = len(call.items) if quantity is None else quantity
        check_batch(call.items, quantity=actual, max_items=self.settings.max_items)
        check_reference(call.caller_reference)
        earlier = known.replay(call, self.settings, now)
        return (earlier, "replayed") if earlier else (self._accept(call, known, now), "accepted")

    def _check_call_rate(self, account: str, now: float) -> None:
        """One bucket per account, for tenants' calls too; a refused call takes nothing from it.

        "Operation:CreateInvalidation,aws-account:": https://github.com/aws/aws-sdk-js/issues/3983
        """
        bucket = self._call_buckets.setdefault(account, TokenBucket())
        if not bucket.has(1, self.settings.call_rate, now):
            raise ServiceError("Throttling")
        bucket.take(1)

    def _authorized(self, call: Call) -> Invalidations:
        """Check permissions first; a distribution of another account is unknown.

        Tenants answer EntityNotFound instead:
        https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidationForDistributionTenant.html
        """
        if {call.account, call.role} & self.settings.denied:
            raise ServiceError("AccessDenied")
        tenant = call.operation.endswith(_TENANT)
        cache = self._caches.get(call.distribution)
        if cache is None or (cache.site.account, cache.site.tenant) != (call.account, tenant):
            raise ServiceError("EntityNotFound" if tenant else "NoSuchDistribution")
        return self._of(call.distribution)

    def _accept(self, call: Call, known: Invalidations, now: float) -> Invalidation:
        rates = self._item_rates.setdefault(getattr(call, self.settings.rates_per), ItemRates())
        accepted = known.accept(call, f"I{self._accepted:013d}", rates, self.settings, now)
        self._accepted += 1
        self.ledger.bill(call.account, len(call.items))
        self.ledger.observe(call.distribution, paths=known.quotas.paths, wildcards=known.quotas.wildcards)
        self._schedule(accepted)
        return accepted

    def _get(self, call: Call, invalidation: str) -> tuple[Invalidation, str]:
        return self._authorized(call).get(invalidation, self._clock()), "answered"

    def _list(self, call: Call, marker: str, max_items: int) -> tuple[Page, str]:
        known = self._authorized(call)
        return known.page(marker, min(max_items, MAX_PAGE), self._clock()), "answered"

    def _of(self, distribution: str) -> Invalidations:
        return self._invalidations.setdefault(distribution, Invalidations())
