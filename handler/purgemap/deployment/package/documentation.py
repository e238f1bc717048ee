"""botocore's files → the same without what writes its documentation.

A client has a text for help() to show, written on first sight. Nobody asks a function for help, and importing the
writers, with an HTML parser, takes a fiftieth of its start. What the rest of botocore imports of them stays importable.
"""

from collections.abc import Mapping

FOLDER = "botocore/docs/"

# botocore/handlers.py hooks these up, for documentation that nobody writes then.
_KEPT = f"{FOLDER}utils.py"

_INIT = b'"""Left out of the function: see https://github.com/boto/botocore/tree/develop/botocore/docs."""\n'
_DOCSTRING = b'''"""Stands in for the texts that botocore writes for help()."""


class _NoDocstring(str):
    """No text, whatever it should tell of."""

    def __new__(cls, *_arguments, **_named):
        return super().__new__(cls)


class ClientMethodDocstring(_NoDocstring):
    """Of a client's method."""


class PaginatorDocstring(_NoDocstring):
    """Of a paginator."""


class WaiterDocstring(_NoDocstring):
    """Of a waiter."""
'''


def strip_documentation(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return botocore's files with the writers of its documentation replaced by ones that write nothing."""
    kept = {path: data for path, data in files.items() if not path.startswith(FOLDER) or path == _KEPT}
    return kept | {f"{FOLDER}__init__.py": _INIT, f"{FOLDER}docstring.py": _DOCSTRING}
