"""Staff accounts."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.services.sessions import sessions_end_all


@transaction.atomic
def staff_set(*, username: str, password: str, is_superuser: bool) -> bool:
    """Make a staff account or set its password; return whether it is new.

    A changed password ends the account's sessions. Neither takes `is_superuser` away,
    nor lets a deactivated account in again.

    Raises: Django's ValidationError, when the name or the password will not do.
    """
    if not username:
        raise ValidationError("the name is empty")
    user = User.objects.select_for_update().filter(username=username).first()
    if user is None:
        user = User(username=username, is_staff=True, is_superuser=is_superuser)
        validate_password(password, user)
        user.set_password(password)
        user.full_clean()
        user.save()
        return True
    if not user.check_password(password):
        validate_password(password, user)
        user.set_password(password)
        sessions_end_all(user_id=user.pk)
    user.is_superuser = user.is_superuser or is_superuser
    user.save()
    return False
