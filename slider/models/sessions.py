"""Who is signed in: Django's sessions in the database and its sign-in by password, read by standing queries.

Both are read anew with each request, so a sign-out and a person switched off count at once.
"""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser, User
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.db.models.functions import Now

from slider.models.standing import Given, Standing

_SESSION = Standing(lambda: Session.objects.filter(session_key=Given("key"), expire_date__gt=Now()))
_USER = Standing(lambda: User.objects.select_related("own_keys").filter(pk=Given("id")))


class SessionStore(DatabaseStore):
    """Sessions in the database; by the database's clock."""

    def _get_session_from_db(self) -> Session | None:
        found = _SESSION.first(key=self.session_key)
        if found is None:
            self._session_key = None
        return found


class Backend(ModelBackend):
    """Sign-in by name and password."""

    def get_user(self, user_id: int) -> AbstractBaseUser | None:  # type: ignore[override]  # the stubs want no subclass
        found = _USER.first(id=int(user_id))
        return found if found is not None and self.user_can_authenticate(found) else None
