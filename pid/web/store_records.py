"""What is noted: the audit, answers to repeated requests, settings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from pid.web.database import Database
from pid.web.models import AuditEntry, RememberedAnswer, Setting, utc_now
from pid.web.paging import DEFAULT_LIMIT, Slice, newest_first

REMEMBERED = timedelta(days=1)
"""How long an idempotency key is remembered."""


class RecordStore(Database):
    """The part of the store that knows records."""

    def note(self, user: str, action: str, subject: str, detail: dict[str, Any] | None = None) -> None:
        """Write a line into the audit: the name of a user, what was done, the id of what it was done to."""
        with self.writing() as session:
            session.add(AuditEntry(user=user, action=action, subject=subject, detail=detail or {}))

    def audit(
        self, cursor: str | None = None, limit: int = DEFAULT_LIMIT, *, subject: str | None = None
    ) -> Slice[AuditEntry]:
        """The audit, latest first; of one subject, if given."""
        query = select(AuditEntry)
        if subject is not None:
            query = query.where(AuditEntry.subject == subject)
        with self.reading() as session:
            return newest_first(
                session, query, created=AuditEntry.created, key=AuditEntry.id, cursor=cursor, limit=limit
            )

    def remember(self, key: str, user_id: str, request_hash: str, response: dict[str, Any]) -> RememberedAnswer:
        """Keep the answer to a request; where another was faster with the same key, its answer is given."""
        answer = RememberedAnswer(user_id=user_id, key=key, request_hash=request_hash, response=response)
        try:
            with self.writing() as session:
                session.execute(delete(RememberedAnswer).where(RememberedAnswer.created < utc_now() - REMEMBERED))
                session.add(answer)
        except IntegrityError:
            known = self.recall(key, user_id)
            if known is None:
                raise
            return known
        return answer

    def recall(self, key: str, user_id: str) -> RememberedAnswer | None:
        """The answer that a user's request with this key got, None where there was none."""
        with self.reading() as session:
            return session.get(RememberedAnswer, (user_id, key))

    def setting(self, name: str, *, project_id: str | None = None) -> str | None:
        """A setting of a project or of the installation; None where it was never set."""
        with self.reading() as session:
            found = session.get(Setting, (project_id or "", name))
            return None if found is None else found.value

    def settings(self, *, project_id: str | None = None) -> dict[str, str]:
        """All settings of a project or of the installation."""
        with self.reading() as session:
            rows = session.scalars(select(Setting).where(Setting.project_id == (project_id or "")))
            return {row.name: row.value for row in rows}

    def set_setting(self, name: str, value: str | None, *, project_id: str | None = None) -> None:
        """Set a setting; None removes it."""
        with self.writing() as session:
            found = session.get(Setting, (project_id or "", name), with_for_update=True)
            if value is None:
                if found is not None:
                    session.delete(found)
            elif found is None:
                session.add(Setting(project_id=project_id or "", name=name, value=value))
            else:
                found.value = value
