"""What staff keep for themselves: filters of lists, under names of their own."""

import re
from urllib.parse import parse_qsl

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from shop.api.text import plain_text
from shop.errors import Invalid, NotFound
from shop.models import SavedFilter
from shop.models.saved_filter import NAME_MAX

# More than this nobody overlooks.
FILTERS_MAX = 20
# A phone, alone in what is searched for; with the country before it, too.
_PHONE = re.compile(r"\+?(86)?1[3-9][0-9]{9}")
_QUERY_MAX = 1000


@transaction.atomic
def saved_filter_add(*, user_id: int, desk: str, name: str, query: str) -> SavedFilter:
    """Keep a filter; locks the person's row, so that two at once are counted.

    Raises: Invalid, when there is nothing to keep or it names a phone, the name is
        taken or no name, or there are enough.
    """
    name = _name_read(name)
    if not query:
        raise Invalid("请先筛选或搜索,再保存")
    if len(query) > _QUERY_MAX:
        raise Invalid("筛选条件过长,不能保存")
    if any(_PHONE.fullmatch(value.strip()) for _, value in parse_qsl(query)):
        # It would outlive the shopper, who may have all of it deleted.
        raise Invalid("筛选里有手机号,不能保存")
    _own_locked(user_id)
    own = SavedFilter.objects.filter(user_id=user_id, desk=desk)
    _require_free(own, name)
    if own.count() >= FILTERS_MAX:
        raise Invalid(f"最多保存{FILTERS_MAX}个筛选,请先删除不用的")
    return SavedFilter.objects.create(
        user_id=user_id, desk=desk, name=name, query=query
    )


@transaction.atomic
def saved_filter_rename(*, user_id: int, desk: str, filter_id: int, name: str) -> None:
    """Give one's own filter another name; locks the person's row.

    Raises: NotFound; Invalid, when the name is taken or no name.
    """
    name = _name_read(name)
    _own_locked(user_id)
    own = SavedFilter.objects.filter(user_id=user_id, desk=desk)
    _require_free(own.exclude(pk=filter_id), name)
    if not own.filter(pk=filter_id).update(name=name):
        raise NotFound("筛选不存在")


def saved_filter_delete(*, user_id: int, desk: str, filter_id: int) -> None:
    """Forget one's own filter.

    Raises: NotFound.
    """
    own = SavedFilter.objects.filter(user_id=user_id, desk=desk)
    deleted, _ = own.filter(pk=filter_id).delete()
    if not deleted:
        raise NotFound("筛选不存在")


def _own_locked(user_id: int) -> None:
    get_user_model().objects.select_for_update(no_key=True).get(pk=user_id)


def _name_read(text: str) -> str:
    name = plain_text(text[: NAME_MAX * 10].replace("\0", "")).strip()
    if not name:
        raise Invalid("名称不能为空")
    if len(name) > NAME_MAX:
        raise Invalid(f"名称不能超过{NAME_MAX}个字")
    return name


def _require_free(filters: QuerySet[SavedFilter], name: str) -> None:
    if filters.filter(name=name).exists():
        raise Invalid(f"已有名为“{name}”的筛选,请换一个名称")
