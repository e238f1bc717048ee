"""Write a file as a comment on the merge request of a GitLab job, or update the earlier comment."""

import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any

# GitLab's own limit is a million characters; a comment of that length helps no reader.
MAX_CHARACTERS = 60_000


def main() -> None:
    """Write the file that the first argument names. Its first line marks the comment."""
    text = Path(sys.argv[1]).read_text("utf-8")[:MAX_CHARACTERS]
    marker, _, _ = text.partition("\n")
    place = f"projects/{os.environ['CI_PROJECT_ID']}/merge_requests/{os.environ['CI_MERGE_REQUEST_IID']}/notes"
    own = _find_note(place, marker)
    _call("PUT" if own else "POST", f"{place}/{own}" if own else place, {"body": text})


def _find_note(place: str, marker: str) -> int | None:
    """Find the oldest comment of the token's user that starts with the marker."""
    user = _call("GET", "user")["id"]
    page = 1
    while notes := _call("GET", f"{place}?sort=asc&order_by=created_at&per_page=100&page={page}"):
        for note in notes:
            # Anyone can write the marker, but GitLab lets a user edit only their own comments.
            if note["author"]["id"] == user and note["body"].startswith(marker):
                return int(note["id"])
        page += 1
    return None


def _call(method: str, place: str, body: dict[str, str] | None = None) -> Any:
    request = urllib.request.Request(  # noqa: S310  the runner's own address
        f"{os.environ['CI_API_V4_URL']}/{place}",
        method=method,
        data=json.dumps(body).encode() if body else None,
        headers={"PRIVATE-TOKEN": os.environ["PURGEMAP_GITLAB_TOKEN"], "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
        return json.load(response)


if __name__ == "__main__":
    main()
