"""A folder, its copy in a bucket, and the steps of the demo."""

import os
from pathlib import Path

import pytest

from purgemap.demo.site_sync import Content, list_bucket, read_folder, sync
from purgemap.demo.steps import demo_steps
from purgemap.errors import PurgemapError
from support.local_site import BUCKET, Site

pytest_plugins = ["support.local_aws_fixtures"]


def test_read_folder_gives_files_their_paths_as_keys(tmp_path: Path) -> None:
    for name in ("index.html", "a b/é+.html", ".well-known/x"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
    assert list(read_folder(tmp_path)) == [".well-known/x", "a b/é+.html", "index.html"]


def test_read_folder_refuses_a_folder_without_files(tmp_path: Path) -> None:
    with pytest.raises(PurgemapError, match="the folder has no files"):
        read_folder(tmp_path)


def test_read_folder_refuses_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(PurgemapError, match="not a folder"):
        read_folder(tmp_path / "missing")


def test_read_folder_refuses_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.html")).touch()
    with pytest.raises(PurgemapError, match="is not UTF-8"):
        read_folder(tmp_path)


@pytest.mark.parametrize("name", ["a\nb.html", "a\tb.html", "a\x1b[31mb.html", "a\uffffb.html"])
def test_read_folder_refuses_control_characters(name: str, tmp_path: Path) -> None:
    (tmp_path / name).touch()
    with pytest.raises(PurgemapError) as caught:
        read_folder(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: the name {name!r} has a control character, which the demo cannot store; rename it"
    )


def test_sync_names_a_file_that_cannot_be_read(site: Site, tmp_path: Path) -> None:
    with pytest.raises(PurgemapError, match=r"gone.html: cannot be read: No such file or directory$"):
        sync(site.s3, BUCKET, {"gone.html": tmp_path / "gone.html"})


def test_sync_uploads_changed_files_and_deletes_missing_ones(site: Site) -> None:
    content: dict[str, Content] = {"same.html": b"same", "changed.html": b"old", "gone.html": b"gone"}
    sync(site.s3, BUCKET, content)
    site.events()
    sync(site.s3, BUCKET, {"same.html": b"same", "changed.html": b"new", "new.html": b"new"})
    changes = {(event["detail"]["object"]["key"], event["detail"]["reason"]) for event in site.events()}
    assert changes == {("changed.html", "PutObject"), ("new.html", "PutObject"), ("gone.html", "DeleteObject")}
    assert list_bucket(site.s3, BUCKET).keys() == {"same.html", "changed.html", "new.html"}


@pytest.mark.parametrize(
    ("keys", "edited", "deleted"),
    [
        (["404.html", "blog/index.html", "index.html", "style.css"], "blog/index.html", "404.html"),
        (["a.css", "b.html", "c.css"], "b.html", "c.css"),
        (["only.css"], "only.css", "only.css"),
    ],
)
def test_demo_steps_edit_an_index_and_delete_another_page(keys: list[str], edited: str, deleted: str) -> None:
    first, edit, delete = demo_steps(dict.fromkeys(keys, b""), skips_unchanged=False)
    assert first.site.keys() == set(keys)
    assert {key for key in keys if first.site[key] != edit.site[key]} == {edited}
    assert first.site.keys() - delete.site.keys() == {deleted}


def test_demo_steps_repeat_the_upload_of_a_map_that_skips() -> None:
    first, again, *_ = demo_steps({"index.html": b""}, skips_unchanged=True)
    assert (again.site, first.uploads_all, again.uploads_all) == (first.site, False, True)


def test_sync_uploads_equal_files_on_request(site: Site) -> None:
    for uploads_all in (False, False, True):
        sync(site.s3, BUCKET, {"a": b"a"}, uploads_all=uploads_all)
    assert len(list(site.events())) == 2


def test_demo_steps_count_one_file_in_the_singular() -> None:
    first, *_ = demo_steps({"index.html": b""}, skips_unchanged=False)
    assert first.title == "First deploy: 1 file"
