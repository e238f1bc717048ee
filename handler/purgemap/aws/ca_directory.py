"""The hashed directory of CA certificates that `purgemap build` puts beside botocore's file of them."""

from pathlib import Path
from typing import Any

from botocore.httpsession import DEFAULT_CA_BUNDLE

CA_DIRECTORY = Path(DEFAULT_CA_BUNDLE).with_suffix("")
"""Only the function's zip has it. It holds the certificates of DEFAULT_CA_BUNDLE, and no others."""


def use_ca_directory(client: Any) -> None:
    """Let a client verify servers with the directory where it would use botocore's file, if the directory exists.

    botocore still decides: AWS_CA_BUNDLE, REQUESTS_CA_BUNDLE, a profile's ca_bundle and certifi win as before.
    """
    # botocore has no setting for a directory. This method sets the certificates of urllib3's pool before each request.
    # With a later botocore that has another method, the client uses the file.
    http = client._endpoint.http_session  # noqa: SLF001
    set_up = getattr(http, "_setup_ssl_cert", None)
    if set_up is None or not CA_DIRECTORY.is_dir():
        return

    def set_up_with_directory(pool: Any, *arguments: Any) -> None:
        set_up(pool, *arguments)
        if pool.ca_certs == DEFAULT_CA_BUNDLE:
            # In this order, so that a connection of another thread finds one of the two.
            pool.ca_cert_dir, pool.ca_certs = str(CA_DIRECTORY), None

    http._setup_ssl_cert = set_up_with_directory  # noqa: SLF001
