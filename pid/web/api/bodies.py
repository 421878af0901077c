"""What the API takes and gives: the shapes of its bodies and queries, which are its documentation as well."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from pid.drawing import Drawing
from pid.web.models import JobState, Role
from pid.web.operations import MOST_OPERATIONS, Operation
from pid.web.permissions import Permission

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")]
"""A name that people give: one line that does not begin with a blank."""
Score = Annotated[float, Field(ge=0.0, le=1.0)]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Paging(BaseModel):
    """Which part of a list is wanted."""

    cursor: Annotated[str | None, Field(description="`next_cursor` of the part before.", max_length=500)] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 50


class ErrorDetail(BaseModel):
    """What went wrong."""

    code: Annotated[str, Field(description="For programs: stays the same from version to version.")]
    message: Annotated[str, Field(description="One sentence for people.")]
    details: dict[str, Any]


class ErrorBody(BaseModel):
    """The one shape of every error."""

    error: ErrorDetail


class NewProject(_In):
    """A project to be made."""

    name: Name


class ProjectChange(_In):
    """What is to be changed of a project."""

    name: Name | None = None
    accept_score: Score | None = None
    review_score: Score | None = None


class ProjectBody(_Out):
    """A drawing set."""

    id: str
    name: str
    created: datetime
    created_by: str | None
    accept_score: Score
    review_score: Score


class ProjectList(_Out):
    """Part of a list of projects."""

    items: list[ProjectBody]
    next_cursor: str | None


class UserBody(_Out):
    """An account."""

    id: str
    name: str
    role: Role
    active: bool
    created: datetime


class UserList(_Out):
    """All accounts, or all members of a project."""

    items: list[UserBody]


class MemberChange(_In):
    """Who is to be a member."""

    user: Annotated[str, Field(description="Id of the user.", max_length=64)]


class DocumentBody(_Out):
    """An uploaded file; `name` is what its uploader called it."""

    id: str
    project_id: str
    name: str
    sha256: str
    size: int
    page_count: int | None
    created: datetime
    created_by: str | None


class JobBody(_Out):
    """One recognition: its state, what is being done, the share that is done, and what went wrong in one sentence."""

    id: str
    project_id: str
    document_id: str
    page_id: str | None
    state: JobState
    stage: str
    share: float
    tries: int
    error: str | None
    created: datetime
    created_by: str | None
    started: datetime | None
    finished: datetime | None


class JobList(_Out):
    """Part of a list of jobs, latest first."""

    items: list[JobBody]
    next_cursor: str | None


class DocumentWithJob(_Out):
    """A document and its latest job."""

    document: DocumentBody
    job: JobBody | None


class DocumentList(_Out):
    """Part of a list of documents, latest first."""

    items: list[DocumentWithJob]
    next_cursor: str | None


class Wait(BaseModel):
    """How long to wait for the drawings."""

    wait: Annotated[float, Field(ge=0, le=60, description="Seconds to wait for the drawings; 0 answers at once.")] = 0.0


class PageBody(_Out):
    """A sheet of a document; `revision` is the number of its latest drawing, 0 where it could not be read."""

    id: str
    document_id: str
    number: int
    width: int
    height: int
    revision: Annotated[int, Field(validation_alias=AliasChoices("revision", "head"))]
    counts: dict[str, int]
    reviewed: bool
    error: str | None


class PageList(_Out):
    """The pages of a document in order."""

    items: list[PageBody]


class PageChange(_In):
    """What is to be said of a page."""

    reviewed: bool


class PageWithDrawing(_Out):
    """A page and its drawing."""

    page: PageBody
    drawing: Drawing


class Accepted(_Out):
    """A file that was taken. `pages` are there where the upload waited for them."""

    document: DocumentBody
    job: JobBody
    pages: list[PageWithDrawing] | None = None


class Refused(_Out):
    """A file that was not taken, and why."""

    name: str
    error: str


class UploadAnswer(_Out):
    """What became of uploaded files."""

    items: list[Accepted]
    refused: list[Refused]


class JobQuery(Paging):
    """Which jobs are wanted."""

    project: Annotated[str | None, Field(max_length=64)] = None
    document: Annotated[str | None, Field(max_length=64)] = None
    state: JobState | None = None


class EditBody(_In):
    """An edit: operations that start from the revision `base`. Without `base`, the header If-Match must name it."""

    base: Number | None = None
    operations: Annotated[list[Operation], Field(max_length=MOST_OPERATIONS)]
    note: Annotated[str, Field(max_length=2000)] = ""


class EditAnswer(_Out):
    """The new revision, its drawing, and the operations that take the edit back."""

    revision: int
    drawing: Drawing
    undo: list[Operation]


class Base(_In):
    """The latest revision that the caller knows of."""

    base: Number


class RevisionBody(_Out):
    """A revision without its drawing."""

    number: int
    created: datetime
    author: str
    note: str
    operations: list[dict[str, Any]]


class RevisionList(_Out):
    """Part of a list of revisions, latest first."""

    items: list[RevisionBody]
    next_cursor: str | None


class NumberBody(_Out):
    """The number of a revision that was made."""

    revision: int


class NewUser(_In):
    """An account to be made."""

    name: Name
    password: Annotated[str, Field(min_length=10, max_length=1000)]
    role: Role


class UserChange(_In):
    """What is to be changed of an account."""

    password: Annotated[str | None, Field(min_length=10, max_length=1000)] = None
    role: Role | None = None
    active: bool | None = None


class SignIn(_In):
    """Name and password."""

    name: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=1000)]


class Me(_Out):
    """Who is calling, and what that allows; `csrf_token` goes into the header X-CSRFToken of a browser's changes."""

    user: UserBody
    permissions: list[Permission]
    csrf_token: str | None


class NewToken(_In):
    """A token to be made; it may do what both its scopes and the user's role allow."""

    name: Name
    scopes: Annotated[list[Permission], Field(min_length=1, max_length=10)]
    days: Annotated[int | None, Field(ge=1, le=3650, description="Valid for so many days; for ever without it.")] = None


class TokenBody(_Out):
    """A token without its secret."""

    id: str
    name: str
    scopes: list[str]
    created: datetime
    expires: datetime | None


class TokenList(_Out):
    """The caller's tokens."""

    items: list[TokenBody]


class FreshToken(_Out):
    """A new token; its secret is shown this once."""

    token: TokenBody
    secret: str
