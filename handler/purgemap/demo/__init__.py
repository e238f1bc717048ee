"""An AWS that runs in this process, for the demo and for tests."""

from purgemap.demo.account import DemoAccount, open_account, provision_second_site
from purgemap.demo.local_aws import LocalAws, start_local_aws
from purgemap.demo.output import demo_document, print_invalidations, print_step, print_totals
from purgemap.demo.provision import DemoStack, Destination, provision_stack
from purgemap.demo.run import WINDOW_SECONDS, DemoRun, start_demo
from purgemap.demo.site_sync import Content, read_folder
from purgemap.demo.steps import demo_steps

__all__ = [
    "WINDOW_SECONDS",
    "Content",
    "DemoAccount",
    "DemoRun",
    "DemoStack",
    "Destination",
    "LocalAws",
    "demo_document",
    "demo_steps",
    "open_account",
    "print_invalidations",
    "print_step",
    "print_totals",
    "provision_second_site",
    "provision_stack",
    "read_folder",
    "start_demo",
    "start_local_aws",
]
