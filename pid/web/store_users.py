"""Users, members of projects, tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.exc import IntegrityError

from pid.web.database import Database
from pid.web.models import Member, Role, Token, User, utc_now
from pid.web.store_errors import NameTakenError, NotFoundError


class UserStore(Database):
    """The part of the store that knows people."""

    def add_user(self, name: str, password_hash: str | None, role: Role) -> User:
        """A new account; raises `NameTakenError`."""
        try:
            with self.writing() as session:
                user = User(name=name, password_hash=password_hash, role=role)
                session.add(user)
        except IntegrityError as error:
            raise NameTakenError(f"There is a user {name} already.") from error
        return user

    def user(self, user_id: str) -> User:
        """A user by id."""
        with self.reading() as session:
            return self._get(session, User, user_id)

    def user_by_name(self, name: str) -> User | None:
        """A user by name, None where there is none."""
        with self.reading() as session:
            return session.scalar(select(User).where(User.name == name))

    def users(self) -> Sequence[User]:
        """All users by name."""
        with self.reading() as session:
            return session.scalars(select(User).order_by(User.name)).all()

    def change_user(
        self,
        user_id: str,
        *,
        password_hash: str | None = None,
        role: Role | None = None,
        active: bool | None = None,
    ) -> User:
        """Change what is given. Names stay: revisions and the audit are signed with them."""
        with self.writing() as session:
            user = self._get(session, User, user_id)
            if password_hash is not None:
                user.password_hash = password_hash
            if role is not None:
                user.role = role
            if active is not None:
                user.active = active
        return user

    def remove_user(self, user_id: str) -> None:
        """Delete an account with its memberships and tokens; what it did stays signed with its name."""
        with self.writing() as session:
            session.delete(self._get(session, User, user_id))

    def members(self, project_id: str) -> Sequence[User]:
        """The members of a project by name."""
        with self.reading() as session:
            query = select(User).join(Member, Member.user_id == User.id).where(Member.project_id == project_id)
            return session.scalars(query.order_by(User.name)).all()

    def is_member(self, project_id: str, user_id: str) -> bool:
        """Whether a user is a member of a project."""
        with self.reading() as session:
            return session.get(Member, (project_id, user_id)) is not None

    def add_member(self, project_id: str, user_id: str) -> None:
        """Let a user see a project; again is fine."""
        try:
            with self.writing() as session:
                if session.get(Member, (project_id, user_id)) is None:
                    session.add(Member(project_id=project_id, user_id=user_id))
        except IntegrityError as error:
            if not self.is_member(project_id, user_id):
                raise NotFoundError("There is no such project or user.") from error

    def remove_member(self, project_id: str, user_id: str) -> None:
        """End a membership; none there is fine."""
        with self.writing() as session:
            session.execute(delete(Member).where(Member.project_id == project_id, Member.user_id == user_id))

    def add_token(
        self, user_id: str, name: str, scopes: Sequence[str], token_hash: str, expires: datetime | None = None
    ) -> Token:
        """A new token of a user; the caller alone knows what was hashed."""
        with self.writing() as session:
            self._get(session, User, user_id)
            token = Token(user_id=user_id, name=name, scopes=list(scopes), hash=token_hash, expires=expires)
            session.add(token)
        return token

    def token_by_hash(self, token_hash: str) -> Token | None:
        """A token that is valid now."""
        with self.reading() as session:
            valid = or_(Token.expires.is_(None), Token.expires > utc_now())
            return session.scalar(select(Token).where(Token.hash == token_hash, valid))

    def tokens(self, user_id: str) -> Sequence[Token]:
        """A user's tokens, latest first."""
        with self.reading() as session:
            return session.scalars(select(Token).where(Token.user_id == user_id).order_by(Token.created.desc())).all()

    def revoke_token(self, token_id: str) -> None:
        """Delete a token; raises `NotFoundError`."""
        with self.writing() as session:
            session.delete(self._get(session, Token, token_id))
