"""The account after the steps of the demo: a person explores it, and deploys a service of their own."""

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from purgemap.demo.deployed_functions import DeployedFunctions, run_deployed_functions
from purgemap.demo.local_aws import LocalAws, SiteOrigin
from purgemap.demo.provision import DemoStack
from purgemap.demo.run import AcceptedInvalidation, DemoRun
from purgemap.routemap import Distribution

SECOND_SITE = SiteOrigin("demo-docs", "/live")
SECOND_DISTRIBUTION = "E2DEMO4DOCS5CD"
_PAGE = b"<!DOCTYPE html>\n<title>Documents</title>\n<p>The second site of the demo.\n"


def provision_second_site(aws: LocalAws, stack: DemoStack) -> DemoStack:
    """Create a site that the demo's own map lacks, so that `purgemap discover` finds more than that map."""
    s3 = aws.client("s3")
    # Without notifications to EventBridge, as a bucket is before `purgemap deploy --enable-notifications`.
    s3.create_bucket(Bucket=SECOND_SITE.bucket)
    key = f"{SECOND_SITE.path}/index.html".removeprefix("/")
    s3.put_object(Bucket=SECOND_SITE.bucket, Key=key, Body=_PAGE, ContentType="text/html")
    aws.create_distribution(SECOND_DISTRIBUTION, origins=[SECOND_SITE], alias="docs.example.com")
    return dataclasses.replace(stack, distributions=(*stack.distributions, Distribution(SECOND_DISTRIBUTION)))


@contextlib.contextmanager
def open_account(run: DemoRun) -> Iterator["DemoAccount"]:
    """Run the functions that are deployed into the demo's AWS while the block calls `update`."""
    with run_deployed_functions(run.aws) as functions:
        yield DemoAccount(run, functions, run.count_invalidations())


@dataclass(slots=True)
class DemoAccount:
    """The account; `is_served` is whether a deployed service has taken the place of the demo's own."""

    run: DemoRun
    functions: DeployedFunctions
    _invalidations: int  # when they were read last
    is_served: bool = False

    def update(self) -> tuple[AcceptedInvalidation, ...]:
        """Follow deployments, and return the invalidations since the last update."""
        is_deployed = self.functions.follow()
        if is_deployed != self.is_served:
            # Two services for one bucket would send each invalidation twice.
            self.run.aws.switch_rule(on=not is_deployed)
            self.is_served = is_deployed
        if (count := self.run.count_invalidations()) == self._invalidations:
            return ()
        self._invalidations = count
        return self.run.new_invalidations()
