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
