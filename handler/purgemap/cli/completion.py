"""Types of arguments with what a shell offers for them: files, and the buckets and distributions of the map."""

import re
from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from purgemap.errors import PurgemapError
from purgemap.routemap import RouteMap, load_map
from purgemap.text import S3_SCHEME

# As in the map's schema: old buckets may have capitals, underscores and up to 255 characters.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[A-Za-z0-9._-]{3,255}")


class FileName(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.4
    """The name of a file or folder; a shell completes it as its own."""

    name = "file"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002  click's signature
        """Return a file name; raises click.BadParameter for an empty one."""
        # An unset variable of a shell leaves an empty name, which must not select the default.
        if not value:
            raise click.BadParameter("it is empty; name a file, or remove it")
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002  as above
        """Let the shell complete names of files."""
        return [CompletionItem(incomplete, type="file")]


class BucketName(click.ParamType):  # type: ignore[type-arg]  # as above
    """The name of a bucket; a shell offers the buckets of the map."""

    name = "bucket"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002  as above
        """Return a bucket name; raises click.BadParameter with the name to write for anything else."""
        if not _BUCKET.fullmatch(value):
            name = value.removeprefix(S3_SCHEME).partition("/")[0]
            suggestion = name if _BUCKET.fullmatch(name) else "my-site"
            raise click.BadParameter(f"{value!r} is not a bucket's name; write it alone, as {suggestion}")
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002  as above
        """Offer the buckets of the map; patterns of buckets name none."""
        return _complete_from_map(ctx, incomplete, lambda route_map: route_map.buckets)


def complete_distributions(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the names and ids of the map's distributions."""
    return _complete_from_map(ctx, incomplete, lambda route_map: [name for name, _ in route_map.distributions()])


def _complete_from_map(
    ctx: click.Context, incomplete: str, list_names: Callable[[RouteMap], Iterable[str]]
) -> list[CompletionItem]:
    try:
        names = sorted(list_names(load_map(ctx.params["routes"])))
    except PurgemapError:
        return []  # a shell shows no error here; the command itself reports it
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


file_name = FileName()
bucket_name = BucketName()
