"""Files on disk and in S3: kept by content, durable, never elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from pid.errors import InputError
from pid.web.files import Files, check_key, open_files
from pid.web.models import utc_now


@pytest.fixture(params=["disk", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Files]:
    if request.param == "disk":
        yield open_files((tmp_path / "files").as_uri())
    else:
        yield open_files(f"{request.getfixturevalue('s3')}/{tmp_path.name}/below")


def test_content_comes_back_from_bytes_streams_and_files(files: Files, tmp_path: Path) -> None:
    content = bytes(range(256)) * 8000
    (tmp_path / "upload").write_bytes(content)
    for data in (content, BytesIO(content), tmp_path / "upload"):
        kept = files.put(data)
        assert (kept.size, kept.sha256) == (len(content), hashlib.sha256(content).hexdigest())
        assert files.read(kept.key) == content
        with files.open(kept.key) as stream:
            assert stream.read(5) == content[:5]
        with files.local(kept.key) as path:
            assert path.read_bytes() == content
    assert [f.key for f in files.list()] == [kept.key]


def test_places_of_one_kind_hold_each_their_own(files: Files) -> None:
    kept = files.put(b"content")
    (listed,) = files.list()
    assert listed.key == kept.key
    assert abs((utc_now() - listed.modified).total_seconds()) < 60
    files.write("tiles/a/1.jpg", b"tile")
    files.write("tiles/a/1.jpg", b"another")
    assert files.read("tiles/a/1.jpg") == b"another"
    assert [f.key for f in files.list("tiles/")] == ["tiles/a/1.jpg"]
    files.remove("tiles/a/1.jpg")
    files.remove("tiles/a/1.jpg")
    assert not list(files.list("tiles/"))


def test_what_is_not_there_is_missed(files: Files) -> None:
    with pytest.raises(FileNotFoundError):
        files.read("aa/none")
    with pytest.raises(FileNotFoundError):
        files.open("aa/none")
    with pytest.raises(FileNotFoundError), files.local("aa/none"):
        pass


def test_a_stream_without_end_is_cut_off_and_leaves_nothing(files: Files) -> None:
    class Endless(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return b"x" * (size or 1)

    with pytest.raises(InputError, match="larger than 5 MB"):
        files.put(Endless(), limit=5_000_000)
    assert not list(files.list())


def test_what_a_broken_upload_left_goes_when_it_is_old(tmp_path: Path) -> None:
    files = open_files((tmp_path / "files").as_uri())
    draft = tmp_path / "files" / ".drafts" / "tmp1"
    draft.write_bytes(b"half a fi")
    files.drop_drafts(utc_now() - timedelta(hours=1))
    assert draft.exists()
    files.drop_drafts(utc_now() + timedelta(hours=1))
    assert not draft.exists()


def test_what_a_broken_upload_left_in_s3_goes(s3: str, tmp_path: Path) -> None:
    boto3 = pytest.importorskip("boto3")
    client, files = boto3.client("s3"), open_files(f"{s3}/{tmp_path.name}")
    bucket = s3.removeprefix("s3://")
    for place in (f"{tmp_path.name}/aa/draft", "elsewhere/draft"):
        client.create_multipart_upload(Bucket=bucket, Key=place)
    files.drop_drafts(utc_now() + timedelta(hours=1))
    left = [upload["Key"] for upload in client.list_multipart_uploads(Bucket=bucket)["Uploads"]]
    assert left == ["elsewhere/draft"]


@pytest.mark.parametrize("key", ["../x", "/etc/passwd", "a/../../x", "a//b", "", ".hidden", "a/.b", "a\\b", "a\0", "ä"])
def test_keys_lead_nowhere_else(files: Files, key: str) -> None:
    for use in (files.read, files.open, files.remove, check_key, lambda k: files.write(k, b"x")):
        with pytest.raises(ValueError, match="not a key"):
            use(key)


def test_a_bucket_that_is_not_there_is_refused(s3: str) -> None:
    with pytest.raises(InputError, match="cannot be used"):
        open_files("s3://nowhere")
