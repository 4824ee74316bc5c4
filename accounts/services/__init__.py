"""What accounts do for the rest of the shop."""

from accounts.services.account import (
    user_avatar_upload,
    user_erase,
    user_export,
    user_phone_bind,
    user_update,
)
from accounts.services.addresses import (
    address_create,
    address_delete,
    address_get,
    address_list,
    address_update,
)
from accounts.services.login import (
    ShopperLogin,
    shopper_code_check,
    shopper_login,
    staff_login,
)
from accounts.services.sessions import (
    Tokens,
    session_end,
    session_open,
    session_refresh,
    session_user,
    sessions_end_all,
    sessions_flush,
)
from accounts.services.staff import staff_set
from accounts.services.uploads import upload_names, upload_store

__all__ = [
    "ShopperLogin",
    "Tokens",
    "address_create",
    "address_delete",
    "address_get",
    "address_list",
    "address_update",
    "session_end",
    "session_open",
    "session_refresh",
    "session_user",
    "sessions_end_all",
    "sessions_flush",
    "shopper_code_check",
    "shopper_login",
    "staff_login",
    "staff_set",
    "upload_names",
    "upload_store",
    "user_avatar_upload",
    "user_erase",
    "user_export",
    "user_phone_bind",
    "user_update",
]
