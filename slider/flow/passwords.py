"""A password is chosen anew: every other session of that person ends with it."""

from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction

from slider.flow import account_letters, persons


def change(user: User, password: str, *, session: str) -> None:
    """Set the password of somebody who is signed in, and end their other sessions."""
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        persons.end_sessions(user, but=session)
        account_letters.tell(user, "Your password was changed.")


def reset(user_id: int, token: str, password: str) -> bool:
    """Set a password by a link's token, once; False where the link holds no more. All sessions end."""
    with transaction.atomic():
        # The row makes two who use one link at once wait for each other; the second finds another password there.
        user = User.objects.select_for_update(no_key=True).filter(pk=user_id, is_active=True).first()
        if user is None or not default_token_generator.check_token(user, token):
            return False
        user.set_password(password)
        user.save(update_fields=["password"])
        persons.end_sessions(user)
        account_letters.tell(user, "Your password was changed by a link.")
    return True
