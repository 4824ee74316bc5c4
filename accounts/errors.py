"""What can be refused about a person, a login or an address."""

from shop.errors import ShopError


class TokenExpired(ShopError):
    """The token was good once."""

    code = "token_expired"
    http_status = 401
    message = "Token已过期"


class TokenInvalid(ShopError):
    """The token is forged, malformed, of the other type, or its session has ended."""

    code = "token_invalid"
    http_status = 401
    message = "Token无效"


class UserNotFound(ShopError):
    """The token is good; its user is deleted or deactivated."""

    code = "user_not_found"
    http_status = 401
    message = "用户不存在"


class UserBlocked(ShopError):
    """Staff have deactivated this shopper."""

    code = "user_blocked"
    http_status = 403
    message = "账号已被停用"


class LoginFailed(ShopError):
    """Name or password is wrong, or the account may not log in; never say which."""

    code = "login_failed"
    http_status = 401
    message = "用户名或密码错误"


class OtpRequired(ShopError):
    """The password is right, and the account asks for a code as well."""

    code = "otp_required"
    http_status = 401
    message = "请输入两步验证码"


class OtpInvalid(ShopError):
    """The code of the second factor is wrong, old or spent."""

    code = "otp_invalid"
    http_status = 401
    message = "验证码不正确"


class AddressLimit(ShopError):
    """The address book is full."""

    code = "address_limit"
    http_status = 409
    message = "最多保存20个地址"


class AccountStateChanged(ShopError):
    """The account is no longer as the page showed it; it may be deleted."""

    code = "account_state_changed"
    http_status = 409
    message = "账号状态已变化,请刷新后重试"
