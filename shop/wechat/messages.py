"""Subscribe messages: one consent of a shopper lets the shop send one.

Source: WX/…/subscribe-message, sendMessage and its table of fields.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from shop.wechat.miniprogram import token_post
from shop.wechat.templates import Template

# The shopper has not consented, or no more; no second try can change that.
USER_REFUSED = 43101
THING_MAX = 20
STRING_MAX = 32
PHRASE_MAX = 5


def message_send(
    *, openid: str, template: Template, facts: Mapping[str, Any], page: str = ""
) -> None:
    """Send a message; `facts` are texts, a Decimal amount, a time.

    Raises: as token_post(); WeChatDeclined tells by `errcode` whether the shopper
        refused (USER_REFUSED) or the template, a field or the page is wrong.
    """
    data = {
        field: {"value": _value(field, facts[fact])}
        for field, fact in template.fields.items()
    }
    body: dict[str, object] = {
        "touser": openid,
        "template_id": template.id,
        "data": data,
    }
    if page:
        body["page"] = page
    token_post("/cgi-bin/message/subscribe/send", body)


def _value(field: str, fact: Any) -> str:
    return _FORMS[field.rstrip("0123456789")](fact)


def _thing(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= THING_MAX else words[: THING_MAX - 1] + "…"


def _character_string(text: str) -> str:
    """Keep letters, digits and signs, of which WeChat takes no others."""
    return re.sub(r"[^!-~]", "", text)[:STRING_MAX]


def _phrase(text: str) -> str:
    return text[:PHRASE_MAX]


def _amount(yuan: Decimal) -> str:
    return f"¥{yuan}"


def _time(moment: datetime) -> str:
    local = timezone.localtime(moment)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


_FORMS: Mapping[str, Callable[[Any], str]] = {
    "thing": _thing,
    "character_string": _character_string,
    "phrase": _phrase,
    "amount": _amount,
    "time": _time,
    "date": _time,
}
