"""The store: all that the web service and the batch keep. No SQL outside of the `store_*` files.

Rows come back detached: they may be read, not followed or changed. `by` and `user` are the names of users, as revisions
and the audit are signed with them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from pid.web.files import open_files
from pid.web.models import Document, Page, utc_now
from pid.web.store_errors import LeaseLost, NameTakenError, NotFoundError, RevisionConflict
from pid.web.store_hooks import HookStore
from pid.web.store_jobs import LEASE_S, MAX_TRIES, Claim
from pid.web.store_pages import PageResult, PageStore
from pid.web.store_projects import ProjectStore
from pid.web.store_records import RecordStore
from pid.web.store_users import UserStore

__all__ = [
    "LEASE_S", "MAX_TRIES", "Claim", "LeaseLost", "NameTakenError", "NotFoundError", "PageResult", "RevisionConflict",
    "Store",
]  # fmt: skip

SWEEP_AFTER = timedelta(hours=1)
"""A file that no row names is kept so long: the upload that it belongs to may not have written its row yet."""


class Store(UserStore, ProjectStore, PageStore, HookStore, RecordStore):
    """Opens a database and a place for files by their URLs; both are made where they are missing.

    Args:
        database_url: ``sqlite:///FILE`` or ``postgresql://USER@HOST/NAME``.
        files_url: ``file:///FOLDER`` or ``s3://BUCKET/PREFIX``.
    """

    def __init__(self, database_url: str, files_url: str) -> None:
        super().__init__(database_url)
        self.files = open_files(files_url)

    def sweep_files(self, *, older_than: timedelta = SWEEP_AFTER) -> int:
        """Remove files that belonged to deleted documents and to uploads that broke off; how many."""
        with self.reading() as session:
            used = set(session.scalars(select(Document.file_key)))
            for column in (Page.image_key, Page.thumbnail_key, Page.tiles_key, Page.annotated_key):
                used.update(key for key in session.scalars(select(column)) if key)
        before = utc_now() - older_than
        self.files.drop_drafts(before)
        removed = 0
        for file in self.files.list():
            if file.modified < before and file.key not in used and self._is_old_still(file.key, before):
                self.files.remove(file.key)
                removed += 1
        return removed

    def _is_old_still(self, key: str, before: datetime) -> bool:
        """Whether a file has not been uploaded again since it was listed."""
        return all(file.modified < before for file in self.files.list(key) if file.key == key)
