"""Errors that a person is told about: a stable slug, a status and a Chinese message."""

from typing import Any


class ShopError(Exception):
    """Refuse an action with facts; the API and the admin both know how to show it.

    Slugs are public and listed in docs/errors.md: never rename one.
    """

    code = "server_error"
    http_status = 500
    message = "服务器错误,请稍后重试"

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after_seconds: int | None = None,
        **facts: Any,
    ) -> None:
        self.message = message or self.message
        self.retry_after_seconds = retry_after_seconds
        self.facts = facts
        super().__init__(self.message)


class Invalid(ShopError):
    """Say which fields are wrong: `fields` maps each to its messages."""

    code = "invalid"
    http_status = 400
    message = "参数错误"

    @classmethod
    def field(cls, name: str, message: str) -> "Invalid":
        """Make the error of one field."""
        return cls(message, fields={name: [message]})


class NotFound(ShopError):
    """Hide what does not exist and what is somebody else's alike."""

    code = "not_found"
    http_status = 404
    message = "资源不存在"


class Forbidden(ShopError):
    """Refuse a known caller."""

    code = "forbidden"
    http_status = 403
    message = "没有权限"


class Busy(ShopError):
    """Ask the caller to come again: a lock was held for too long."""

    code = "busy"
    http_status = 503
    message = "系统繁忙,请稍后再试"

    def __init__(self) -> None:
        super().__init__(retry_after_seconds=1)


class RateLimited(ShopError):
    """Tell the caller when the window ends."""

    code = "rate_limited"
    http_status = 429
    message = "请求过于频繁,请稍后再试"


class ServiceUnavailable(ShopError):
    """Say that a part which this request needs is away for the moment."""

    code = "unavailable"
    http_status = 503
    message = "服务暂时不可用,请稍后再试"


class StorageFull(ShopError):
    """Say that there is no room for what was sent; nothing of it was kept."""

    code = "storage_full"
    http_status = 503
    message = "存储空间已满,暂时无法保存,请稍后再试"

    def __init__(self) -> None:
        super().__init__(retry_after_seconds=60)


class JobNotRetried(ShopError):
    """Refuse to queue a job again that has not failed, or whose work waits already."""

    code = "job_not_retried"
    http_status = 409
    message = "任务已不是失败状态,或相同的任务正在等待"
