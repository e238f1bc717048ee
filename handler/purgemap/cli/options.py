"""What several commands take."""

import click

DEFAULT_ROUTES = "config/routes.yaml"

routes_option = click.option(
    "--routes",
    metavar="FILE-or-FOLDER",
    default=DEFAULT_ROUTES,
    show_default=True,
    help="The map: YAML, a folder of YAML parts, or compiled.",
)


def parse_s3_uri(uri: str) -> tuple[str, str]:
    """Split s3://BUCKET/KEY, whose key is taken as it stands; raises click.UsageError."""
    bucket, slash, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not slash or not key:
        raise click.UsageError(f"{uri!r} is no s3://BUCKET/KEY")
    return bucket, key
