"""The first map of a folder: an example, or one that was discovered, with the schema for editors beside it."""

from importlib.resources import files

SCHEMA_NAME = "routes.schema.json"

# A copy of the schema, and no path into the installation or URL: the line is part of the user's repository, and a team
# has purgemap in many places.
_SCHEMA_LINE = f"# yaml-language-server: $schema={SCHEMA_NAME}\n"

EXAMPLE_MAP = """\
# An example: write your buckets and distributions in its place. `purgemap deploy` refuses ids that contain EXAMPLE.
version: 1

distributions:                 # names for the ids of distributions
  www: {id: E1EXAMPLE1ABCD}

routes:                        # which buckets and prefixes feed which distributions
  - bucket: my-site
    # prefix: www/             # only the keys below it
    distributions: [www]
    # origin_path: /www        # the origin path of the distribution, if it has one
    # clean_urls: true         # if viewers request /blog for blog/index.html or blog.html

tests:                         # run by `purgemap check`: an object, and the exact paths to invalidate
  - object: s3://my-site/index.html
    expect:
      www: [/, /index.html]
"""


def add_schema_line(map_text: str) -> str:
    """Return the text of a map that names the schema beside it for editors."""
    return _SCHEMA_LINE + map_text


def read_schema(name: str = SCHEMA_NAME) -> str:
    """Read a schema as it is shipped: that of maps, or of an event's detail."""
    return files("purgemap.schemas").joinpath(name).read_text("utf-8")
