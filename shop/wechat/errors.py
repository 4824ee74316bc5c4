"""What WeChat can do to a request of ours."""

from shop.errors import ShopError


class WeChatUnavailable(ShopError):
    """WeChat did not answer, or not in a way that says what it did."""

    code = "wechat_unavailable"
    http_status = 503
    message = "微信服务暂时不可用,请稍后再试"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, retry_after_seconds=5)


class WeChatRefused(ShopError):
    """WeChat answered, and the answer is a refusal that nobody expected.

    `wechat_code` is WeChat's own word for it: for staff and logs, not for clients.
    """

    code = "wechat_error"
    http_status = 502
    message = "微信服务异常,请稍后再试"

    def __init__(self, message: str | None = None, *, wechat_code: str = "") -> None:
        super().__init__(message)
        self.wechat_code = wechat_code


class WeChatDeclined(WeChatRefused):
    """WeChat will not do this, however often it is asked; `errcode` says why."""

    def __init__(self, errcode: int) -> None:
        super().__init__()
        self.errcode = errcode


class PaymentClosed(WeChatRefused):
    """No payment can come under this number any more; another one is needed."""


class BalanceTooSmall(WeChatUnavailable):
    """WeChat answers, but the merchant's balance does not cover a refund yet."""


class BillNotReady(WeChatUnavailable):
    """WeChat has not made the bill of that day yet."""


class BillInvalid(WeChatRefused):
    """A bill is damaged, or not what it should be: nothing of it is used."""


class NotificationRefused(ShopError):
    """A notification is not from WeChat, not fresh or not for us."""

    code = "notification_refused"
    http_status = 400
    message = "通知无效"
