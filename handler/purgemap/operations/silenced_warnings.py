"""The warnings of `purgemap doctor` that a map silences by `x-doctor: {ignore: [...]}`.

Not in `diagnosis`: that loads botocore, for which `purgemap check` must not wait.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from purgemap.routemap.sites import Site


@dataclass(frozen=True, slots=True)
class SilencedWarnings:
    """Codes of warnings: those of the whole map, and those of a distribution's id or a route's name."""

    everywhere: frozenset[str] = frozenset()
    by_distribution: Mapping[str, frozenset[str]] = field(default_factory=dict)
    by_route: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def is_silenced(self, code: str, distribution: str) -> bool:
        """Return whether the map silences a code for a distribution."""
        return code in self.everywhere or code in self.by_distribution.get(distribution, ())

    def select_sites(self, code: str, sites: Iterable[Site]) -> tuple[Site, ...]:
        """Return the sites for which the map does not silence a code."""
        return tuple(
            site
            for site in sites
            if not self.is_silenced(code, site.distribution.id) and code not in self.by_route.get(site.route, ())
        )
