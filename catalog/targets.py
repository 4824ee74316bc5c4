"""Where a banner may lead to: texts that the mini-program can open."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from catalog.filters import KEYWORD_MAX
from catalog.models import BannerTarget
from shop.api.text import plain_text

# A page as the mini-program names it, with its query: /pages/list/list?id=3.
_PAGE = re.compile(r"/?[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*(\?[!-~]*)?")
_is_url = URLValidator(schemes=["https"])


def target_read(kind: str, text: str) -> str:
    """Return a target as it is kept; empty for a kind that has no text.

    Raises: ValueError with what staff are told.
    """
    text = plain_text(text).strip()
    match kind:
        case BannerTarget.SEARCH:
            return _word(text)
        case BannerTarget.PAGE:
            return _page(text)
        case BannerTarget.WEB:
            return _web(text)
    return ""


def _word(text: str) -> str:
    if not 1 <= len(text) <= KEYWORD_MAX:
        raise ValueError(f"请填写1到{KEYWORD_MAX}个字的搜索词")
    return text


def _page(text: str) -> str:
    if not _PAGE.fullmatch(text):
        raise ValueError("请填写小程序页面路径,例如 /pages/list/list?id=3")
    # wx.navigateTo takes one from the root alone, or one beside the present page.
    return f"/{text.removeprefix('/')}"


def _web(text: str) -> str:
    """Refuse what a web-view does not open, and names that pretend to be another.

    Source: https://developers.weixin.qq.com/miniprogram/dev/component/web-view.html
    """
    try:
        _is_url(text)
    except ValidationError:
        raise ValueError("请填写 https:// 开头的网址") from None
    if "@" in text.split("/")[2]:
        raise ValueError("网址中不能有用户名")
    return text
