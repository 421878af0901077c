"""What the store refuses."""

from __future__ import annotations


class NotFoundError(LookupError):
    """There is no such row (any more)."""


class NameTakenError(ValueError):
    """The name is in use."""


class RevisionConflict(Exception):  # noqa: N818 (a state of affairs that the caller resolves)
    """The page has been changed since the revision that the edit starts from; `head` is the latest."""

    def __init__(self, base: int, head: int) -> None:
        super().__init__(f"The drawing has been changed: the edit starts from revision {base}, the latest is {head}.")
        self.base = base
        self.head = head


class LeaseLost(Exception):  # noqa: N818
    """The job is no longer the caller's: cancelled, deleted, or given to another worker after a silence."""
