"""Compare the distributions and tenants of the map with those that exist."""

from collections.abc import Iterator, Sequence
from functools import partial

from purgemap.aws.inspection import AccountConfigs, NotRead
from purgemap.operations.diagnosis.findings import DoctorFinding, describe_not_read, finding, not_checked
from purgemap.operations.diagnosis.inspected_map import DistributionCase, InspectedMap, feeds, listed, tenants_of
from purgemap.operations.diagnosis.repairs import enable_tenant, remove, replace, update_distribution
from purgemap.routemap import TENANT, Distribution, Pattern, find_nearest
from purgemap.text import join_with_limit, pluralize


def check_accounts(inspected: InspectedMap) -> Iterator[DoctorFinding]:
    """Report the accounts of the map that no role reads, and the lists that could not be read."""
    ids_by_account: dict[str, list[str]] = {}
    for id_, distribution in inspected.route_map.distributions_by_id.items():
        ids_by_account.setdefault(inspected.account_of(distribution), []).append(id_)
    for account, ids in sorted(ids_by_account.items()):
        where = f"account {account}"
        configs = inspected.inspection.accounts.get(account)
        if configs is None:
            # The role of the map has no permission to read: it may only invalidate.
            count = pluralize(len(ids), "distribution")
            role_arn = f"{inspected.route_map.distributions_by_id[ids[0]].role_arn}".rpartition("role/")[0]
            yield not_checked(where, f"no role reads its {count}", f"pass --role-arn {role_arn}role/ROLE")
            continue
        if isinstance(configs.distributions, NotRead):
            yield describe_not_read(where, "its distributions", configs.distributions)
        elif isinstance(configs.tenants, NotRead):
            yield describe_not_read(where, "its distribution tenants", configs.tenants)


def check_existence(inspected: InspectedMap) -> Iterator[DoctorFinding]:
    """Report the distributions and tenants of the map that do not exist."""
    for id_, distribution in sorted(inspected.route_map.distributions_by_id.items()):
        configs = inspected.configs(distribution)
        if configs is None:
            continue
        is_tenant = id_.startswith(TENANT)
        known = configs.tenants if is_tenant else configs.distributions
        if isinstance(known, NotRead) or id_.removeprefix(TENANT) in {item.id for item in known}:
            continue
        kind = "distribution tenant" if is_tenant else "distribution"
        message = f"account {configs.account} has no {kind} {id_.removeprefix(TENANT)}"
        code = "tenant-missing" if is_tenant else "distribution-missing"
        yield finding(code, inspected.where(distribution), message, _repair_missing(inspected, distribution, configs))


def _repair_missing(inspected: InspectedMap, distribution: Distribution, configs: AccountConfigs) -> str:
    """Name the distribution that was probably meant: one without routes that has the bucket, or a similar id."""
    routed = inspected.route_map.distributions_by_id.keys()
    if distribution.id.startswith(TENANT):
        unrouted = [f"{TENANT}{tenant.id}" for tenant in tenants_of(configs)]
        nearest = find_nearest(distribution.id, [id_ for id_ in unrouted if id_ not in routed])
    else:
        candidates = [config for config in listed(configs.distributions) if config.id not in routed]
        sites = inspected.sites_by_distribution.get(distribution.id, ())
        fed = [
            config.id
            for config in candidates
            if any(feeds(site, origin) for site in sites for origin in config.origins)
        ]
        # Ids are random, so a similar one is a typing mistake; a distribution that was created again has another id.
        nearest = fed[0] if len(fed) == 1 else find_nearest(distribution.id, [config.id for config in candidates])
    old = distribution.id.removeprefix(TENANT)
    return replace(old, nearest.removeprefix(TENANT)) if nearest else remove(old)


def check_disabled(inspected: InspectedMap, case: DistributionCase) -> Iterator[DoctorFinding]:
    """Report a distribution or tenant that serves nothing."""
    if inspected.silenced.is_silenced("distribution-disabled", case.distribution.id):
        return
    if not case.config.is_enabled:
        message = "the distribution is disabled: it serves nothing, and its invalidations cost"
        fix = update_distribution(case.config.id, {"Enabled": True})
        yield finding("distribution-disabled", case.where, message, fix)
    elif case.tenant and not case.tenant.is_enabled:
        message = "the tenant is disabled: it serves nothing, and its invalidations cost"
        yield finding("distribution-disabled", case.where, message, enable_tenant(case.tenant.id))


def check_tenant_parameters(_inspected: InspectedMap, case: DistributionCase) -> Iterator[DoctorFinding]:
    """Report that the origins of a tenant are unknown without its parameters."""
    if case.tenant and isinstance(case.tenant.parameters, NotRead):
        yield describe_not_read(case.where, "the tenant's parameters", case.tenant.parameters)


def check_tenant_only(_inspected: InspectedMap, case: DistributionCase) -> Iterator[DoctorFinding]:
    """Report a multi-tenant distribution, which only its tenants' ids invalidate."""
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-config-options.html
    if not case.config.is_tenant_only or case.tenant:
        return
    tenants = [tenant.id for tenant in tenants_of(case.account) if tenant.distribution == case.config.id]
    targets = ", ".join(f"{{tenant: {id_}}}" for id_ in tenants)
    message = f"a multi-tenant distribution is invalidated through its tenants: {join_with_limit(tenants) or 'none'}"
    fix = replace(case.config.id, targets) if tenants else remove(case.config.id)
    yield finding("tenant-only", case.where, message, fix)


def check_names(inspected: InspectedMap) -> Iterator[DoctorFinding]:
    """Report an id with two names: one of them may be a copy that was not completed."""
    templates = {text for route in inspected.routes_by_name.values() for text in route.distributions if "{" in text}
    patterns = [Pattern(template, full_match=True) for template in templates]
    for id_, names in sorted(inspected.route_map.names_by_id.items()):
        # Captures may need several names for one distribution.
        plain_names = [name for name in names if not any(pattern.match(name) for pattern in patterns)]
        if len(plain_names) > 1 and not inspected.silenced.is_silenced("id-twice", id_):
            yield _report_names(inspected, inspected.route_map.distributions_by_id[id_], plain_names)


def _report_names(inspected: InspectedMap, distribution: Distribution, names: Sequence[str]) -> DoctorFinding:
    message = f"{join_with_limit(names)} are names of one distribution: is one of them another's?"
    report = partial(finding, "id-twice", inspected.where(distribution), message)
    configs = inspected.configs(distribution)
    routed = inspected.route_map.distributions_by_id.keys()
    for config in listed(configs.distributions) if configs else ():
        for name in names:
            # An alias such as docs.example.com says which distribution a name means.
            if config.id not in routed and any(name in alias.split(".") or name == alias for alias in config.aliases):
                return report(f"write into distributions.{name}: id: {config.id}")
    return report(f"{replace(names[1], names[0])} in routes, and remove distributions.{names[1]}")
