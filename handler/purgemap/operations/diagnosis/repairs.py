"""The repairs of findings: what to write into the map, and commands of the AWS CLI."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from purgemap.operations.diagnosis.inspected_map import InspectedMap
from purgemap.routemap import TENANT, Distribution, flow_text, is_distribution_name
from purgemap.routemap.sites import Site

_UPDATE = "aws cloudfront update-distribution"
_READ = "aws cloudfront get-distribution-config"


def write_option(inspected: InspectedMap, site: Site, name: str, value: bool | str | Sequence[str]) -> str:  # noqa: FBT001  the value of the map's option
    """Return the line that sets an option of a site: at its distribution, or at its route if that has the option."""
    option = f"{name}: {_flow(value)}"
    route, names = inspected.routes_by_name[site.route], inspected.route_map.names_by_id.get(site.distribution.id, ())
    # An origin path is a bucket's: other buckets of the distribution have other ones.
    if name == "origin_path" and len(route.distributions) == 1 and "{" not in route.distributions[0]:
        return f"write into the route {site.route}: {option}"
    if name not in route.options and len(names) == 1:
        return f"write into distributions.{names[0]}: {option}"
    is_bare_id = not site.distribution.role_arn and not site.distribution.id.startswith(TENANT)
    if name not in route.options and len(route.distributions) > 1 and is_bare_id and not names:
        # In the route the option would concern its other distributions, too.
        return f"write into distributions: {_new_name(inspected, site)}: {{id: {site.distribution.id}, {option}}}"
    return f"write into the route {site.route}: {option}"


def write_route(inspected: InspectedMap, distribution: Distribution, **settings: str | Sequence[str]) -> str:
    """Return the route to add to the map, with its bucket and other settings."""
    target = _target(inspected, distribution)
    fields = [f"{name}: {_flow(value)}" for name, value in settings.items() if value]
    return f"write into routes: - {{{', '.join([fields[0], f'distributions: [{target}]', *fields[1:]])}}}"


def _target(inspected: InspectedMap, distribution: Distribution) -> str:
    """Return a distribution as the routes of the map can name it."""
    name, *_ = [*inspected.route_map.names_by_id.get(distribution.id, ()), ""]
    is_tenant = distribution.id.startswith(TENANT)
    if name or not (distribution.role_arn or is_tenant):
        return name or distribution.id
    identity = {"tenant" if is_tenant else "id": distribution.id.removeprefix(TENANT)}
    role = {"role_arn": distribution.role_arn, "external_id": distribution.external_id}
    fields = {**identity, **{name: value for name, value in role.items() if value}}
    return "{" + ", ".join(f"{name}: {_flow(value)}" for name, value in fields.items()) + "}"


def _new_name(inspected: InspectedMap, site: Site) -> str:
    """Return a name for a distribution that has none: its first alias, if the map can use it."""
    config = next(case.config for case in inspected.cases if case.distribution.id == site.distribution.id)
    taken = inspected.route_map.document["distributions"]
    aliases = (alias for alias in config.aliases if is_distribution_name(alias) and alias not in taken)
    return next(aliases, f"distribution-{site.distribution.id}")


def replace(old: str, new: str) -> str:
    """Return the replacement of a name, an id or a bucket in the map."""
    return f"write {new} in place of {old}"


def remove(name: str) -> str:
    """Return the removal of a distribution from the map."""
    return f"remove {name} from the map"


def update_distribution(id_: str, change: Mapping[str, Any]) -> str:
    """Return the command that changes some settings of a distribution and keeps the others."""
    # CloudFront replaces the whole configuration, so the command reads it first. JMESPath has literals in backquotes.
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html
    query = shlex.quote(f"merge(DistributionConfig, `{json.dumps(change)}`)")
    config = f'"$({_READ} --id {id_} --query {query} --output json)"'
    version = f'"$({_READ} --id {id_} --query ETag --output text)"'
    return f"{_UPDATE} --id {id_} --if-match {version} --distribution-config {config}"


def enable_tenant(id_: str) -> str:
    """Return the command that enables a distribution tenant."""
    # https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistributionTenant.html
    version = f'"$(aws cloudfront get-distribution-tenant --identifier {id_} --query ETag --output text)"'
    return f"aws cloudfront update-distribution-tenant --id {id_} --if-match {version} --enabled"


def _flow(value: bool | str | Sequence[str]) -> str:  # noqa: FBT001  as above
    if isinstance(value, bool):
        return str(value).lower()
    return flow_text(value) if isinstance(value, str) else f"[{', '.join(map(flow_text, value))}]"


def deploy_member(stack_name: str, region: str = "", **parameters: str) -> str:
    """Return the command that deploys the member stack of an account or a region."""
    place = f"--region {region} " if region else ""
    # Parameters that are not given keep their values.
    values = " ".join(f"{name}={value}" for name, value in parameters.items())
    return (
        "purgemap render --member --output member.yaml && "
        f"aws cloudformation deploy {place}--stack-name {stack_name}-member --template-file member.yaml "
        f"--capabilities CAPABILITY_NAMED_IAM --parameter-overrides {values}"
    )


def json_argument(value: Any) -> str:
    """Return a value as an argument of a shell command, in JSON."""
    return shlex.quote(json.dumps(value, separators=(",", ":")))
