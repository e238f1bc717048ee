"""Patches that make moto behave as AWS documents, one module per service."""

import functools
from importlib import metadata

from purgemap.demo.moto_patches.registry import apply_registered, check_version


@functools.cache
def apply() -> None:
    """Patch moto, once per process; raises PurgemapError if another version of moto is installed.

    A patch depends on the code that it patches, so it is valid for one version of moto only.
    """
    check_version(metadata.version("moto"))
    # Each module registers its patches. They import moto, whose version is checked first.
    from purgemap.demo.moto_patches import (  # noqa: PLC0415
        cloudfront,  # noqa: F401
        cloudfront_configurations,  # noqa: F401
        dynamodb,  # noqa: F401
        eventbridge,  # noqa: F401
        iam,  # noqa: F401
        s3,  # noqa: F401
        sqs,  # noqa: F401
    )

    apply_registered()


@functools.cache
def apply_to_cloudformation() -> None:
    """Patch moto's CloudFormation, once per process.

    It imports the models of every service that a stack can use. That takes two seconds, so only a process with a stack
    spends them.
    """
    from purgemap.demo.moto_patches import cloudformation, stack_resources  # noqa: F401, PLC0415

    apply_registered()
