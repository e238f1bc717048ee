"""A site over two accounts without a fault, deployed into the embedded AWS; and the repairs that doctor prints."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from click.testing import Result

from purgemap.cli.deploy import deploy
from purgemap.cli.doctor import doctor
from purgemap.cli.redrive import redrive
from purgemap.demo.local_aws import LocalAws
from purgemap.demo.moto_patches.cloudfront import rename_distribution
from purgemap.deployment.package import ROUTES_FILE, FunctionPackage
from purgemap.deployment.template import render_member
from purgemap.routemap import RouteMap, load_map
from support.aws_cli import EXECUTABLE
from support.commands import invoke
from support.deployed import Deployed, run_deploy
from support.distributions import Settings, behavior, distribution, origin
from support.harness import NO_WAITS

OWN, OTHER = "123456789012", "222222222222"
READER = f"arn:aws:iam::{OTHER}:role/reader"
WWW, APP, SHOP = "E1WWW111111111", "E2APP222222222", "E3SHOP33333333"
MAP = Path("config/routes.yaml")

_FUNCTION = "arn:aws:cloudfront::123456789012:function/append-index"
_DISTRIBUTIONS: dict[str, tuple[str, Settings]] = {
    # Two buckets behind one distribution, one of them below an origin path.
    WWW: (
        OWN,
        distribution(
            [origin("acme-www"), origin("acme-docs", "/docs", id_="docs")],
            [behavior("docs", "/guide/*"), behavior()],
            aliases=["www.example.com"],
        ),
    ),
    # A single-page app whose function rewrites paths, and whose query strings are part of the cache key.
    APP: (
        OWN,
        distribution(
            [origin("acme-app")],
            [behavior(functions=[("viewer-request", _FUNCTION)], query_strings=True)],
            aliases=["app.example.com"],
            error_pages={404: "/index.html"},
        ),
    ),
    SHOP: (OTHER, distribution([origin("acme-shop")], aliases=["shop.example.com"])),
}
_MAP = f"""\
version: 1
distributions:
  www: {{id: {WWW}}}
  app: {{id: {APP}, clean_urls: true, query_strings: true}}
  shop: {{id: {SHOP}, role_arn: "arn:aws:iam::{OTHER}:role/purgemap", external_id: acme}}
  brand: {{tenant: TENANT}}
routes:
  - {{bucket: acme-www, distributions: [www]}}
  - {{bucket: acme-docs, distributions: [www], origin_path: /docs}}
  - {{bucket: acme-app, distributions: [app]}}
  - {{bucket: acme-app, distributions: [app], include: [/index.html], invalidate: ["/*"]}}
  - {{bucket: acme-shop, distributions: [shop]}}
  - {{bucket: acme-brands, distributions: [brand]}}
"""


@dataclass
class HealthySite:
    """The deployed site, in the current folder."""

    aws: LocalAws
    multi_tenant: str
    tenant: str

    def doctor(self, *options: str) -> Result:
        return invoke(doctor, "--role-arn", READER, *options)

    def findings(self, *options: str) -> list[dict[str, str]]:
        document = json.loads(self.doctor("--json", *options).stdout)
        return list(document["findings"])

    def edit_map(self, old: str, new: str) -> None:
        text = MAP.read_text()
        assert old in text
        MAP.write_text(text.replace(old, new))

    def deploy(self) -> Deployed:
        run_deploy(package=package_map)
        deploy_member(self.aws)
        return Deployed(self.aws)

    def change(self, id_: str, account: str = OWN, **changes: Any) -> None:
        """Change settings of a distribution."""
        client = self.aws.client("cloudfront", account)
        answer = client.get_distribution_config(Id=id_)
        client.update_distribution(
            Id=id_, IfMatch=answer["ETag"], DistributionConfig={**answer["DistributionConfig"], **changes}
        )

    def repair(self, finding: dict[str, str]) -> None:
        """Do what a finding says: run its command, or write into the map."""
        fix = finding["fix"]
        if fix.startswith("aws ") or " && aws " in fix:
            self._run_shell(fix, OTHER if OTHER in finding["where"] else OWN)
        elif fix.startswith("purgemap "):
            run_purgemap(fix)
        else:
            MAP.write_text(edit_map(MAP.read_text(), fix))

    def _run_shell(self, command: str, account: str) -> None:
        path = os.pathsep.join([str(EXECUTABLE.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
        environment = {**os.environ, **self.aws.environment, **self._credentials(account), "PATH": path}
        # For queues, the AWS CLI prefers its own endpoint to the variable's.
        script = f'aws() {{ command aws "$@" --endpoint-url "$AWS_ENDPOINT_URL"; }}\n{command}'
        done = subprocess.run(
            ["bash", "-ec", script], env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _credentials(self, account: str) -> dict[str, str]:
        if account == OWN:
            return {}
        answer = self.aws.client("sts").assume_role(RoleArn=READER, RoleSessionName="operator")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": answer["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": answer["SecretAccessKey"],
            "AWS_SESSION_TOKEN": answer["SessionToken"],
        }


def build_healthy_site(aws: LocalAws) -> HealthySite:
    """Create buckets, distributions, a tenant and both stacks; writes the map into the current folder."""
    for bucket in ("acme-www", "acme-docs", "acme-app", "acme-brands"):
        aws.create_site_bucket(bucket)
    create_bucket(aws, "acme-shop", OTHER)
    for id_, (account, config) in _DISTRIBUTIONS.items():
        create_distribution(aws, id_, config, account)
    multi_tenant = distribution([origin("acme-brands")], ConnectionMode="tenant-only")
    client = aws.client("cloudfront")
    parent = client.create_distribution(DistributionConfig=multi_tenant)["Distribution"]["Id"]
    tenant = client.create_distribution_tenant(
        DistributionId=parent, Name="brand", Domains=[{"Domain": "brand.example.com"}]
    )["DistributionTenant"]["Id"]
    MAP.parent.mkdir()
    MAP.write_text(_MAP.replace("TENANT", tenant))
    site = HealthySite(aws, parent, tenant)
    site.deploy()
    return site


def package_map(route_map: RouteMap, _counts: object) -> FunctionPackage:
    """Package the map alone: no test of doctor runs the function, whose whole zip takes two seconds."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(zipfile.ZipInfo(ROUTES_FILE), json.dumps(route_map.document))
    return FunctionPackage(archive.getvalue(), (), None)


def create_bucket(aws: LocalAws, name: str, account: str = OWN, *, sends_events: bool = True) -> None:
    s3 = aws.client("s3", account)
    s3.create_bucket(Bucket=name)
    if sends_events:
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )


def create_distribution(aws: LocalAws, id_: str, config: Settings, account: str = OWN) -> None:
    answer = aws.client("cloudfront", account).create_distribution(DistributionConfig=config)
    rename_distribution(account_id=account, old=answer["Distribution"]["Id"], new=id_)


def deploy_member(aws: LocalAws) -> None:
    """Create the stack with the role of the other account, if the map has one."""
    cloudformation = aws.client("cloudformation", OTHER)
    if cloudformation.list_stacks()["StackSummaries"]:
        return
    role = Deployed(aws).outputs["FunctionRoleArn"]
    cloudformation.create_stack(
        StackName="purgemap-member",
        TemplateBody=render_member(load_map(MAP)),
        Parameters=[{"ParameterKey": "FunctionRoleArn", "ParameterValue": role}],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )


def run_purgemap(command: str) -> None:
    """Run a command of a finding in this process; `deploy` is confirmed."""
    _, name, *arguments = shlex.split(command)
    commands = {"deploy": (deploy, package_map), "doctor": (doctor, None), "redrive": (redrive, NO_WAITS)}
    function, settings = commands[name]
    result = invoke(function, *arguments, *(["--yes"] if name == "deploy" else []), obj=settings)
    if result.exception:
        raise result.exception
    assert result.return_value == 0 or name == "doctor", result.output


def edit_map(text: str, fix: str) -> str:
    """Edit a map as a finding says."""
    if match := re.fullmatch(r"write (?P<new>\S+) in place of (?P<old>\S+) in routes, .+", fix):
        document = yaml.safe_load(text)
        del document["distributions"][match["old"]]
        return replace_everywhere(yaml.safe_dump(document), match["old"], match["new"])
    if match := re.fullmatch(r"write (?P<new>.+) in place of (?P<old>\S+)", fix):
        return replace_everywhere(text, match["old"], match["new"])
    document = yaml.safe_load(text)
    if match := re.fullmatch(r"write into routes: - (?P<route>\{.+\})", fix):
        document["routes"].append(yaml.safe_load(match["route"]))
    elif match := re.fullmatch(r"write into distributions\.(?P<name>[^:]+): (?P<option>.+)", fix):
        entry = document["distributions"][match["name"]]
        entry = {"id": entry} if isinstance(entry, str) else entry
        document["distributions"][match["name"]] = entry | yaml.safe_load(match["option"])
    elif match := re.fullmatch(r"write into distributions: (?P<entry>.+)", fix):
        document.setdefault("distributions", {}).update(yaml.safe_load(match["entry"]))
    elif match := re.fullmatch(r"write into the route (?P<route>.+?): (?P<option>\w+: .+)", fix):
        find_route(document, match["route"]).update(yaml.safe_load(match["option"]))
    elif match := re.fullmatch(r"remove (?P<name>\S+) from the route (?P<route>.+)", fix):
        route = find_route(document, match["route"])
        route["distributions"].remove(match["name"])
        document["routes"] = [each for each in document["routes"] if each["distributions"]]
    elif match := re.fullmatch(r"remove (?P<id>\S+) from the map", fix):
        remove_distribution(document, match["id"])
    else:
        raise AssertionError(fix)
    return yaml.safe_dump(document)


def replace_everywhere(text: str, old: str, new: str) -> str:
    """Replace a word; a distribution that becomes several targets is replaced where routes name it."""
    if not new.startswith("{"):
        return re.sub(rf"(?<![\w-]){re.escape(old)}(?![\w-])", new, text)
    document = yaml.safe_load(text)
    names = {name for name, entry in document["distributions"].items() if entry.get("id") == old}
    document["distributions"] = {key: entry for key, entry in document["distributions"].items() if key not in names}
    for route in document["routes"]:
        if {old, *names} & set(route["distributions"]):
            route["distributions"] = yaml.safe_load(f"[{new}]")
    return str(yaml.safe_dump(document))


def find_route(document: Any, name: str) -> Any:
    """Find a route by its name, which is its bucket and prefix by default."""
    return next(
        route
        for route in document["routes"]
        if name in {route.get("name"), f"{route['bucket']}/{route.get('prefix', '')}"}
    )


def remove_distribution(document: Any, id_: str) -> None:
    names = {name for name, entry in document["distributions"].items() if id_ in entry.values()}
    document["distributions"] = {key: entry for key, entry in document["distributions"].items() if key not in names}
    for route in document["routes"]:
        route["distributions"] = [each for each in route["distributions"] if each not in {id_, *names}]
    document["routes"] = [route for route in document["routes"] if route["distributions"]]
