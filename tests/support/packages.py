"""A map to package, and `purgemap build` for it."""

from click.testing import CliRunner

from purgemap.cli.build import build

MAP = """\
version: 1
routes:
  - bucket: acme-www
    distributions: [E2EXAMPLE1ABCD]
tests:
  - object: s3://acme-www/about.html
    expect: {E2EXAMPLE1ABCD: [/about.html]}
"""


def run_build(*arguments: str) -> str:
    """Run `purgemap build` for routes.yaml; returns its output, and raises its error."""
    result = CliRunner().invoke(build, ["--routes", "routes.yaml", *arguments], standalone_mode=False)
    if result.exception:
        raise result.exception
    assert result.return_value == 0
    return result.output
