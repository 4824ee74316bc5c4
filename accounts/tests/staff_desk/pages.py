"""Staff accounts, and the pages by which they are changed."""

from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User

LIST = "/admin/accounts/staff/"
GROUPS = "/admin/auth/group/"
OLD = "a-long-password-9"
NEW = "another-password-8"


def granted(*codenames):
    found = Permission.objects.filter(codename__in=codenames)
    assert len(found) == len(codenames)
    return found


def clerk_make(name="clerk", *codenames):
    user = User.objects.create_user(name, OLD)
    user.user_permissions.set(granted(*codenames))
    return user


def browser(user):
    client = Client()
    client.force_login(user)
    return client


def change(client, user, **data):
    data = {"username": user.username, **data}
    return client.post(f"{LIST}{user.pk}/change/", data, follow=True)


def act(client, user, deed, **data):
    return client.post(f"{LIST}{user.pk}/{deed}/", data, follow=True)


def set_password(client, user, first=NEW, second=None):
    second = first if second is None else second
    return act(client, user, "password", password1=first, password2=second)


def text(answer, status=200):
    assert answer.status_code == status
    return answer.content.decode()


def row(user):
    return User.objects.filter(pk=user.pk).values().get()
