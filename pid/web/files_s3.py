"""Files in an S3-compatible store; address and keys come from AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and their like."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from pid.errors import InputError
from pid.web.files import ListedFile, StoredFile, check_key, copy_hashed, temporary_folder

MISSING = ("404", "NoSuchKey")
SPOOL_BYTES = 8 << 20
"""Uploads up to this size are hashed in memory, larger ones on disk."""


class S3Files:
    """Files in a bucket, below a prefix. See `pid.web.files.Files` for what the methods promise."""

    def __init__(self, bucket: str, prefix: str = "") -> None:
        try:
            import boto3
            from botocore.exceptions import ClientError
        except ModuleNotFoundError as error:
            raise InputError("S3 needs boto3: pip install 'pid-reader[s3]'.") from error
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._client: Any = boto3.client("s3")
        self._error: type[Exception] = ClientError
        try:
            self._client.head_bucket(Bucket=bucket)
        except Exception as error:
            raise InputError(f"The bucket {bucket} cannot be used: {error}.") from error

    def put(self, data: bytes | Path | BinaryIO, *, limit: int | None = None) -> StoredFile:
        """Hash and keep content. It is sent even where it is there already: that renews its date."""
        with tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
            stored = copy_hashed(data, cast(BinaryIO, spool), limit=limit)
            spool.seek(0)
            self._client.upload_fileobj(spool, self._bucket, self._name(stored.key))
        return stored

    def write(self, key: str, data: bytes) -> None:
        """Keep content under a key."""
        self._client.put_object(Bucket=self._bucket, Key=self._name(key), Body=data)

    def read(self, key: str) -> bytes:
        """The content."""
        with self.open(key) as stream:
            return stream.read()

    def open(self, key: str) -> BinaryIO:
        """The content as a stream."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._name(key))
        except self._error as error:
            raise self._missing(error, key) from error
        return cast(BinaryIO, answer["Body"])

    @contextmanager
    def local(self, key: str) -> Iterator[Path]:
        """A copy on this machine."""
        with temporary_folder() as folder:
            path = folder / "content"
            try:
                self._client.download_file(self._bucket, self._name(key), str(path))
            except self._error as error:
                raise self._missing(error, key) from error
            yield path

    def list(self, prefix: str = "") -> Iterator[ListedFile]:
        """Everything whose key starts so."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        for page in pages:
            for entry in page.get("Contents", ()):
                yield ListedFile(entry["Key"].removeprefix(self._prefix), entry["LastModified"])

    def remove(self, key: str) -> None:
        """Forget a file."""
        self._client.delete_object(Bucket=self._bucket, Key=self._name(key))

    def drop_drafts(self, before: datetime) -> None:
        """Give up uploads in parts that broke off before a time."""
        pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=self._prefix)
        for page in pages:
            for upload in page.get("Uploads", ()):
                if upload["Initiated"] < before:
                    self._client.abort_multipart_upload(
                        Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                    )

    def _name(self, key: str) -> str:
        return self._prefix + check_key(key)

    @staticmethod
    def _missing(error: Exception, key: str) -> Exception:
        response: dict[str, Any] = getattr(error, "response", {})
        return FileNotFoundError(key) if response.get("Error", {}).get("Code") in MISSING else error
