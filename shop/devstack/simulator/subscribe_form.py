"""A subscribe message's parameters, field by field as WeChat limits them.

Source: WX/…/subscribe-message, sendMessage and its table of fields. By general
knowledge alone: what a template's id and a page look like.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from .errcodes import ErrCode

TEMPLATE_ID = re.compile(r"[0-9A-Za-z_-]{43}")
PAGE = re.compile(r"/?[0-9A-Za-z_\-]+(/[0-9A-Za-z_\-]+)*(\?\S*)?")
FIELD = re.compile(r"(?P<kind>[a-z_]+?)\d{1,3}")
PROGRAM_STATES = ("formal", "trial", "developer")
LANGUAGES = ("zh_CN", "en_US", "zh_HK", "zh_TW")

_HAN = "[\u4e00-\u9fff]"
_CLOCK = r"\d{1,2}:\d\d(:\d\d)?"
_DAY = (
    r"(\d{4}年\d{1,2}月(\d{1,2}日)?|\d{1,2}月\d{1,2}日"
    r"|\d{4}([-/.]\d{1,2}){1,2}|\d{1,2}[-/.]\d{1,2})"
)
_TIME, _DATE = f"({_DAY} ?)?{_CLOCK}", f"{_DAY}( ?{_CLOCK})?"
FIELDS: Mapping[str, re.Pattern[str]] = {
    kind: re.compile(pattern, flags=re.ASCII)
    for kind, pattern in {
        "thing": r"[^\x00-\x1f\x7f]{1,20}",
        "number": r"(?=.{1,32}$)\d+(\.\d+)?",
        "letter": r"[A-Za-z]{1,32}",
        "symbol": r"[^\w\s]{1,5}",
        "character_string": r"[!-~]{1,32}",
        "time": f"{_TIME}(~{_TIME})?",
        "date": f"{_DATE}(~{_DATE})?",
        "amount": r"[¥￥$€£]?\d{1,10}(\.\d+)?元?",
        "phone_number": r"[-+()\d]{1,17}",
        "car_number": rf"({_HAN}|\w)\w{{1,6}}({_HAN}|\w)",
        "name": rf"({_HAN}|[ -~]){{1,10}}|[ -~]{{1,20}}",
        "phrase": f"{_HAN}{{1,5}}",
        "enum": r"[^\x00-\x1f\x7f]{1,20}",
    }.items()
}


@dataclass(frozen=True)
class MessageForm:
    """The parameters; `data` is JSON."""

    touser: str
    template_id: str
    page: str
    data: str
    miniprogram_state: str
    lang: str


def message_form_read(body: Mapping[str, object]) -> MessageForm:
    """Return the parameters, each well-formed by itself.

    Raises:
        ErrCode: the first that is not.
    """
    return MessageForm(
        touser=_matching(body, "touser", re.compile(r"\S{1,128}"), 40003),
        template_id=_matching(body, "template_id", TEMPLATE_ID, 40037),
        page=_matching(body, "page", PAGE, 41030) if body.get("page") else "",
        data=json.dumps(_data(body.get("data")), ensure_ascii=False),
        miniprogram_state=_one_of(body, "miniprogram_state", PROGRAM_STATES),
        lang=_one_of(body, "lang", LANGUAGES),
    )


def _matching(
    body: Mapping[str, object], name: str, pattern: re.Pattern[str], errcode: int
) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ErrCode(errcode)
    return value


def _one_of(body: Mapping[str, object], name: str, known: tuple[str, ...]) -> str:
    value = body.get(name, known[0])
    if value not in known:
        raise ErrCode(40097, name)
    return str(value)


def _data(value: object) -> dict[str, object]:
    if not isinstance(value, dict) or not value:
        raise ErrCode(47003, "data is empty")
    for name, held in value.items():
        _check_field(name, held.get("value") if isinstance(held, dict) else None)
    return value


def _check_field(name: str, value: object) -> None:
    if value is None or value == "":
        raise ErrCode(47003, f"data.{name}.value is empty")
    field = FIELD.fullmatch(name)
    pattern = FIELDS.get(field["kind"]) if field else None
    if not isinstance(value, str) or not pattern or not pattern.fullmatch(value):
        raise ErrCode(47003, f"data.{name}.value invalid")
