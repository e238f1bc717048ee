"""An account with one site, and the stack of a pipeline's role."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from purgemap.demo.local_aws import LocalAws, start_local_aws
from support.distributions import distribution, origin
from support.healthy_site import create_distribution

BUCKET, SITE = "acme-www", "E2PIPELINE1ABC"


@contextmanager
def pipeline_aws() -> Iterator[LocalAws]:
    """Run an account with a distribution, and its bucket, which sends events."""
    with start_local_aws() as aws:
        aws.create_site_bucket(BUCKET)
        create_distribution(aws, SITE, distribution([origin(BUCKET)], aliases=["www.example.com"]))
        yield aws


def role_variables(aws: LocalAws, template: Path, **parameters: str) -> dict[str, str]:
    """Create the stack of a pipeline's role, and return its outputs as the variables that their descriptions name."""
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(
        StackName="purgemap-pipeline",
        TemplateBody=template.read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    (stack,) = cloudformation.describe_stacks(StackName="purgemap-pipeline")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    variables = {}
    for output in stack["Outputs"]:
        (name,) = re.findall(r"variable (PURGEMAP_\w+)", output["Description"])
        variables[name] = output["OutputValue"]
    return variables
