"""What is kept of the past of staff accounts."""

from collections.abc import Collection
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from accounts.models import Staff
from shop.history import HistoryBook


def _staff(ids: Collection[int]) -> QuerySet[Any]:
    roles = Group.objects.filter(user=OuterRef("pk")).order_by("name")
    permissions = Permission.objects.filter(user=OuterRef("pk"))
    named = permissions.annotate(
        label=Concat(F("content_type__app_label"), Value("."), F("codename"))
    )
    return Staff.objects.filter(pk__in=ids, is_staff=True).annotate(
        role_names=ArraySubquery(roles.values("name")),
        permission_names=ArraySubquery(named.order_by("label").values("label")),
    )


STAFF = HistoryBook(Staff, _staff)
