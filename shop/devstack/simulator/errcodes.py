"""What all mini-program endpoints share: bodies, answers, and refusals by errcode."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from .messages import Answer, Request, json_answer

MESSAGES = {
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40014: "invalid access_token",
    40029: "invalid code",
    40037: "invalid template_id",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40163: "code been used",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    41030: "invalid page",
    42001: "access_token expired",
    43001: "require GET method",
    43002: "require POST method",
    43101: "user refuse to accept the msg",
    44002: "empty post data",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    47001: "data format error",
    47003: "argument invalid!",
    61010: "code is expired",
    87014: "risky content",
    10060001: "支付单不存在",
    10060002: "支付单已完成发货，无法继续发货",
    10060003: "支付单已使用重新发货机会",
    10060004: "支付单处于不可发货的状态",
    10060005: "物流类型有误",
    10060006: "非快递发货时不允许分拆发货",
    10060007: "分拆发货模式下必须填写 is_all_delivered 字段",
    10060008: "商品描述 item_desc 字段不能为空",
    10060009: "商品描述 item_desc 字段太长",
    10060014: "参数错误",
    10060023: "发货信息未更新",
    10060024: "物流信息列表太长",
    10060025: "物流公司编码太长",
    10060026: "物流单号太长",
    10060031: "该笔支付单不属于 openid 所指定的用户",
    268485194: "订单单号类型非法",
    268485195: "微信支付单号形式下 transaction_id 字段不能为空",
    268485196: "商户侧单号形式下 mchid 字段不能为空",
    268485197: "商户侧单号形式下 out_trade_no 字段不能为空",
    268485216: "上传时间非法，请按照 RFC 3339 格式填写",
    268485224: "发货模式非法",
    268485226: "物流单号不能为空",
    268485227: "物流公司编码不能为空",
    268485228: "统一发货模式下，物流信息列表长度必须为 1",
}


class ErrCode(Exception):
    """A refusal in the mini-program API's form: HTTP 200 with an errcode."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.text = f"{MESSAGES[code]} {detail}".rstrip()


def errcode_answer(act: Callable[[], Answer]) -> Answer:
    """Return what `act` answers, a refusal as an errcode."""
    try:
        return act()
    except ErrCode as error:
        text = f"{error.text}, rid: {secrets.token_hex(12)}"
        return mini_answer({"errcode": error.code, "errmsg": text})


def mini_answer(value: object) -> Answer:
    """Return `value` as WeChat labels its JSON: as text."""
    return json_answer(200, value, "text/plain")


def posted(request: Request) -> dict[str, object]:
    """Return the request's JSON object.

    Raises:
        ErrCode: it was not posted, or is none.
    """
    if request.method != "POST":
        raise ErrCode(43002)
    try:
        return request.json_object()
    except ValueError as error:
        raise ErrCode(47001) from error
