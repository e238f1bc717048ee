"""The map that discovery makes of configurations, without AWS, and what it sends for an object."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from purgemap.aws.inspection import AccountConfigs
from purgemap.aws.inspection.cloudfront_answers import parse_distribution
from purgemap.operations.check import check_map
from purgemap.operations.discovery import Discovery
from purgemap.operations.preview import preview_change
from purgemap.routemap.load import load_map

APPEND_CODE = "function handler(event) { var request = event.request; request.uri += 'index.html'; return request; }"
HEADER_CODE = "function handler(event) { event.request.headers['x-host'] = {value: 'a'}; return event.request; }"

Items = Callable[[str, str], Mapping[str, Sequence[str]]]


def account_configs(configs: Mapping[str, Mapping[str, Any]], **settings: Any) -> AccountConfigs:
    """Return an account with distributions: ids and configurations as boto3 takes them."""
    account = settings.get("account", "111111111111")
    return AccountConfigs(
        account,
        settings.get("role_arn", ""),
        tuple(
            parse_distribution({"Id": id_, "DomainName": f"{id_.lower()}.cloudfront.net"}, config, account)
            for id_, config in configs.items()
        ),
        settings.get("tenants", ()),
        settings.get("policies", {}),
        settings.get("functions", {}),
        settings.get("websites", {}),
    )


def items_of(discovery: Discovery, folder: Path) -> Items:
    """Check the discovered map, and return what it sends for a bucket's key, by distribution id."""
    file = folder / "discovered.yaml"
    file.write_text(discovery.text)
    problems = [problem for problem in check_map(file).problems if problem.severity == "error"]
    assert not problems, (problems, discovery.text)
    route_map = load_map(file)
    return lambda bucket, key: preview_change(route_map, bucket, key, "created")
