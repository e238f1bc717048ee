"""Serve MiniStack on a socket that the caller has bound; it runs in .tools/ministack.

`ministack` itself binds a port by its number, which another process may have taken by then. And its CloudFormation
refuses a template with a type that it does not know.
"""

import asyncio
import sys

from hypercorn.asyncio import serve  # type: ignore[import-not-found]
from hypercorn.config import Config  # type: ignore[import-not-found]
from ministack.app import app  # type: ignore[import-not-found]
from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found]

_HANDLERS = provisioners._RESOURCE_HANDLERS  # noqa: SLF001  MiniStack has no public way to add a type
_HANDLERS["AWS::Events::EventBusPolicy"] = _HANDLERS["AWS::CDK::Metadata"]  # it creates nothing

config = Config()
config.bind = [f"fd://{sys.argv[1]}"]
asyncio.run(serve(app, config))
