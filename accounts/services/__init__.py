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
from accounts.services.flushing import login_failures_flush, sessions_flush
from accounts.services.login import (
    ShopperLogin,
    shopper_code_check,
    shopper_login,
    staff_login,
)
from accounts.services.rights import (
    roles_on_offer,
    staff_is_within,
    staff_roles_set,
)
from accounts.services.second_factor import (
    enrolment_key,
    enrolment_make,
    login_ticket_make,
    login_ticket_user,
    recovery_codes_left,
    second_factor_check,
    second_factor_drop,
    second_factor_is_on,
    second_factor_reset,
    second_factor_turn_off,
    second_factor_turn_on,
)
from accounts.services.sessions import (
    Tokens,
    session_end,
    session_open,
    session_refresh,
    session_user,
    sessions_end_all,
)
from accounts.services.staff import (
    staff_add,
    staff_change,
    staff_password_set,
    staff_set,
)
from accounts.services.standing import (
    staff_activate,
    staff_deactivate,
    user_activate,
    user_deactivate,
)
from accounts.services.uploads import (
    upload_names,
    upload_store,
    uploads_require,
)

__all__ = [
    "ShopperLogin",
    "Tokens",
    "address_create",
    "address_delete",
    "address_get",
    "address_list",
    "address_update",
    "enrolment_key",
    "enrolment_make",
    "login_failures_flush",
    "login_ticket_make",
    "login_ticket_user",
    "recovery_codes_left",
    "roles_on_offer",
    "second_factor_check",
    "second_factor_drop",
    "second_factor_is_on",
    "second_factor_reset",
    "second_factor_turn_off",
    "second_factor_turn_on",
    "session_end",
    "session_open",
    "session_refresh",
    "session_user",
    "sessions_end_all",
    "sessions_flush",
    "shopper_code_check",
    "shopper_login",
    "staff_activate",
    "staff_add",
    "staff_change",
    "staff_deactivate",
    "staff_is_within",
    "staff_login",
    "staff_password_set",
    "staff_roles_set",
    "staff_set",
    "upload_names",
    "upload_store",
    "uploads_require",
    "user_activate",
    "user_avatar_upload",
    "user_deactivate",
    "user_erase",
    "user_export",
    "user_phone_bind",
    "user_update",
]
