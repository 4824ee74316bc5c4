"""Descriptions: what staff may format, and nothing that runs in a reader's client."""

import html
import re
from typing import Any

import bleach
from rest_framework import serializers

from shop.api.images import image_name

_TAGS = frozenset(
    {"a", "b", "blockquote", "br", "del", "div", "em", "h1", "h2", "h3", "h4", "i"}
    | {"img", "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "thead"}
    | {"tr", "u", "ul"}
)
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt"}}


# Those that stand for markup stay, the rest become the character that they show.
_ENTITY = re.compile(r"&#?[0-9A-Za-z]{1,32};")
_MARKUP = set("<>&\"'")
# Who reads it drops the first line end in there.
_PRE = re.compile(r"<pre>(?=\n)")
# Wrongly nested tags (a link in a table in a link) are sorted out in a few rounds.
_ROUNDS_MAX = 10


def rich_text(text: str) -> str:
    """Keep the short allow-list of tags; links are http(s), pictures https or ours.

    Cleaning again changes nothing, so that saving what was not edited is no edit.
    """
    for _ in range(_ROUNDS_MAX):
        cleaned = _cleaned(text)
        if cleaned == text:
            break
        text = cleaned
    return text


def _cleaned(text: str) -> str:
    cleaned = bleach.clean(
        _ENTITY.sub(_shown, text),
        tags=_TAGS,
        attributes=_is_allowed,
        protocols={"http", "https"},
        strip=True,
    )
    return _PRE.sub("<pre>\n", cleaned)


def _shown(entity: re.Match[str]) -> str:
    """Return the character of an entity, so that a search finds what a reader sees."""
    character = html.unescape(entity[0])
    is_markup = bool(_MARKUP & set(character)) or "\0" in character
    return entity[0] if is_markup else character


def _is_allowed(tag: str, name: str, value: str) -> bool:
    if name not in _ATTRIBUTES.get(tag, ()):
        return False
    if (tag, name) == ("a", "href"):
        # "//host" and "page" would pass for links of the protocol that the page has.
        return value.lower().startswith(("https://", "http://"))
    if (tag, name) == ("img", "src"):
        return value.startswith("https://") or image_name(value) is not None
    return True


# What editors paste has much that goes; beyond this it is no description. A round of
# cleaning over 1 MB of "<" takes 20 s.
_PASTED_FACTOR = 3


class RichTextField(serializers.CharField):
    """A CharField that keeps the allowed HTML; its limit counts what is kept."""

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if self.max_length and len(text) > _PASTED_FACTOR * self.max_length:
            # The limit's own refusal, before any cleaning.
            self.run_validators(text)
        return rich_text(text).strip()
