"""WeChat's judgement of what shoppers write.

Source: WX/…/sec-center/sec-check/api_msgseccheck.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shop.wechat.errors import WeChatRefused
from shop.wechat.miniprogram import token_post

logger = logging.getLogger(__name__)

_PATH = "/wxa/msg_sec_check"
_VERSION = 2
_COMMENT = 2
# WeChat looks only at what people write who were in the mini-program two hours ago.
USER_AWAY = 61010
# How its first version said that a text is bad; the second answers a suggestion.
CONTENT_RISKY = 87014
_LABELS: Mapping[int, str] = {
    10001: "广告",
    20001: "时政",
    20002: "色情",
    20003: "辱骂",
    20006: "违法犯罪",
    20008: "欺诈",
    20012: "低俗",
    20013: "版权",
}
_OTHER = "其他"


class Suggestion(StrEnum):
    """What WeChat would do with a text; `review` leaves it to people."""

    PASS = "pass"  # noqa: S105 - WeChat's word
    REVIEW = "review"
    RISKY = "risky"


@dataclass(frozen=True)
class Verdict:
    """What WeChat suggests; `label` says why, and is empty for what passes."""

    suggestion: Suggestion
    label: str = ""


def comment_check(*, openid: str, content: str, nickname: str) -> Verdict:
    """Have a comment judged, its writer's name with it.

    Raises: as token_post(); WeChatDeclined tells by `errcode` why it was not judged.
    """
    body: dict[str, object] = {
        "version": _VERSION,
        "scene": _COMMENT,
        "openid": openid,
        "content": content,
    }
    if nickname:
        body["nickname"] = nickname
    return _verdict(token_post(_PATH, body).get("result"))


def _verdict(result: object) -> Verdict:
    """Read a result, whose details say no more.

    Raises: WeChatRefused.
    """
    suggest = result.get("suggest") if isinstance(result, dict) else None
    if not isinstance(result, dict) or suggest not in list(Suggestion):
        logger.error("WeChat's answer has no suggestion")
        raise WeChatRefused
    if suggest == Suggestion.PASS:
        return Verdict(Suggestion.PASS)
    label = result.get("label")
    word = _LABELS.get(label, _OTHER) if isinstance(label, int) else _OTHER
    return Verdict(Suggestion(suggest), word)
