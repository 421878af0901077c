"""Web hooks and what is on its way to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pid.web.database import Database, database_time
from pid.web.models import Delivery, Hook, Project

HELD_S = 60.0
"""A delivery that was handed out is not handed out again for so long."""


def tell_hooks(session: Session, project_id: str, event: str, body: dict[str, Any]) -> None:
    """Write an event for each hook that wants it, in the transaction of what it tells of."""
    for hook in session.scalars(select(Hook).where(Hook.project_id == project_id)):
        if event in hook.events or "*" in hook.events:
            session.add(Delivery(hook_id=hook.id, event=event, body=body))


class HookStore(Database):
    """The part of the store that knows web hooks."""

    def add_hook(self, project_id: str, url: str, secret: str, events: Sequence[str]) -> Hook:
        """Tell an address of events: job.done, job.failed, job.cancelled, page.revision; ``*`` is all."""
        with self.writing() as session:
            self._get(session, Project, project_id)
            hook = Hook(project_id=project_id, url=url, secret=secret, events=list(events))
            session.add(hook)
        return hook

    def hook(self, hook_id: str) -> Hook:
        """A hook by id."""
        with self.reading() as session:
            return self._get(session, Hook, hook_id)

    def hooks(self, project_id: str) -> Sequence[Hook]:
        """The hooks of a project, oldest first."""
        with self.reading() as session:
            return session.scalars(select(Hook).where(Hook.project_id == project_id).order_by(Hook.created)).all()

    def remove_hook(self, hook_id: str) -> None:
        """Delete a hook and what is on its way to it."""
        with self.writing() as session:
            session.delete(self._get(session, Hook, hook_id))

    def due_deliveries(self, limit: int = 20) -> Sequence[Delivery]:
        """Deliveries to be sent now, with their hooks; nobody else is given them for `HELD_S`."""
        with self.reading() as session:
            if session.scalar(select(Delivery.id).where(Delivery.due <= database_time(session)).limit(1)) is None:
                return ()
        with self.writing() as session:
            now = database_time(session)
            query = select(Delivery).where(Delivery.due <= now).order_by(Delivery.due).limit(limit)
            due = session.scalars(query.with_for_update(skip_locked=True, of=Delivery)).all()
            for delivery in due:
                delivery.tries += 1
                delivery.due = now + timedelta(seconds=HELD_S)
        return due

    def delivered(self, delivery_id: str) -> None:
        """The hook has taken the delivery."""
        with self.writing() as session:
            delivery = self._get(session, Delivery, delivery_id)
            delivery.due, delivery.error = None, None

    def delivery_failed(self, delivery_id: str, error: str, *, again_in_s: float | None) -> None:
        """The hook has not taken the delivery: try again after a while, or (None) never."""
        with self.writing() as session:
            delivery = self._get(session, Delivery, delivery_id)
            delivery.error = error
            delivery.due = None if again_in_s is None else database_time(session) + timedelta(seconds=again_in_s)
