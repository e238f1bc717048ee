"""Names for distributions and tenants: the domain under which viewers know them."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from purgemap.routemap import is_distribution_name

_FORBIDDEN = re.compile(r"[^a-z0-9._-]+")


def choose_names(domains_by_id: Mapping[str, Sequence[str]], taken: Collection[str] = ()) -> dict[str, str]:
    """Choose a unique name for each id: the first of its domains, with the id if another has the same.

    The last domain is CloudFront's own, or a tenant's name. The order of the ids does not matter, so that a later run
    gives the same names.
    """
    names = {id_: _name_of(domains, id_) for id_, domains in domains_by_id.items()}
    counts = Counter([*names.values(), *taken])
    # Each of them has its id, also the first: which one is first depends on the day.
    return {
        id_: name if counts[name] == 1 and is_distribution_name(name) else f"{name}-{_suffix(id_)}"
        for id_, name in names.items()
    }


def _name_of(domains: Sequence[str], id_: str) -> str:
    # `*.example.com` names a distribution only if no whole alias does.
    ordered = [*sorted(domains[:-1], key=lambda domain: domain.startswith("*")), *domains[-1:]]
    named = (domain.lower().replace("*", "wildcard", 1) for domain in ordered)
    cleaned = (_FORBIDDEN.sub("-", domain).strip("._-") for domain in named)
    return next(filter(None, cleaned), f"distribution-{_suffix(id_)}")


def _suffix(id_: str) -> str:
    return _FORBIDDEN.sub("-", id_.lower())
