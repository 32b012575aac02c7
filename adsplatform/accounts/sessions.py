"""Sessions in the database, each found by a digest of the key that the browser has.

So a copy of the database contains no key with which a session could be continued. The role of requests has no
privileges on the table; each access is made as the login role.
"""

from hashlib import sha256
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from adsplatform.accounts.row_security import as_login_role

# What fits into the column: 160 bits, for which nobody can find a key by trying.
DIGEST_LENGTH = 40


def digest(session_key: str) -> str:
    """What the table contains in place of a session's key."""
    return sha256(session_key.encode()).hexdigest()[:DIGEST_LENGTH]


class SessionStore(DatabaseSessionStore):
    """A session; `session_key` is the browser's key, which is not stored."""

    def _get_session_from_db(self) -> Session | None:
        with as_login_role():
            current = Session.objects.filter(session_key=digest(self.session_key or ""), expire_date__gt=timezone.now())
            session = current.first()
        if session is None:
            self._session_key = None
        return session

    def exists(self, session_key: str) -> bool:
        with as_login_role():
            return super().exists(digest(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        session = super().create_model_instance(data)
        session.session_key = digest(session.session_key)
        return session

    def save(self, must_create: bool = False) -> None:
        with as_login_role():
            super().save(must_create)

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            with as_login_role():
                super().delete(digest(key))
