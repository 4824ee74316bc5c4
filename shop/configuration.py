"""What each setting means, for docs/configuration.md.

Names and plain defaults are those that shop/settings.py reads; `manage.py settings_doc`
puts both together.
"""

from dataclasses import dataclass

from shop.environment import settings_read


@dataclass(frozen=True)
class Meaning:
    """What a setting means; its default in words, where it is computed."""

    text: str
    default: str = ""


MEANINGS = {
    "SHOP_ENV": Meaning(
        "`production` or `development`. Only `development` allows another WeChat "
        "host, the simulator's keys, `DEBUG=1`, `ALLOWED_HOSTS=*`, "
        "`RATELIMIT_ENABLE=0` and a `PUBLIC_URL` without TLS, and serves static "
        "files and uploads itself",
    ),
    "DEBUG": Meaning(
        "Django's DEBUG: a crash is answered with its traceback. Needs "
        "`SHOP_ENV=development`, where it is off too unless set",
    ),
    "SECRET_KEY": Meaning(
        "Django's key for cookies and the admin; 32 bytes or more",
    ),
    "FIELD_ENCRYPTION_KEY": Meaning(
        "Fernet keys, separated by commas, the newest first: encrypts WeChat's "
        "session keys and staff's second factors in the database",
    ),
    "JWT_SIGNING_KEY": Meaning(
        "signs the tokens; 32 bytes or more. Changing it logs everybody out",
    ),
    "PUBLIC_URL": Meaning(
        "the address that clients and WeChat use, without a slash at the end: "
        "`https://shop.example`",
    ),
    "ALLOWED_HOSTS": Meaning(
        "host names that are answered, separated by commas",
        default="host of `PUBLIC_URL`",
    ),
    "DATABASE_URL": Meaning(
        "`postgresql://user:password@host:5432/name`; options of libpq after `?`",
    ),
    "DATABASE_CONN_MAX_AGE_SECONDS": Meaning(
        "how long a connection is kept open",
    ),
    "DATABASE_LOCK_TIMEOUT_SECONDS": Meaning(
        "who waits longer for a row is answered 503 `busy`",
    ),
    "DATABASE_STATEMENT_TIMEOUT_SECONDS": Meaning(
        "a statement that takes longer is cancelled; `manage.py` uses `0`, no "
        "limit, unless it is set",
    ),
    "DATABASE_REPLICA_URL": Meaning(
        "a streaming replica of that database, written alike: the public reads of "
        "the catalogue go there while it is fit",
    ),
    "DATABASE_REPLICA_MAX_LAG_SECONDS": Meaning(
        "a replica further behind than that is not read from",
    ),
    "VALKEY_URL": Meaning(
        "`redis://:password@host:6379/0`: cache and rate limits; all of it may be lost",
    ),
    "STATIC_ROOT": Meaning(
        "where `collectstatic` puts the admin's files",
        default="`staticfiles` in the project",
    ),
    "MEDIA_ROOT": Meaning(
        "where uploaded pictures are kept",
        default="`media` in the project",
    ),
    "S3_BUCKET": Meaning(
        "keeps uploaded pictures in this bucket of an S3-compatible storage "
        "instead of `MEDIA_ROOT`; needs the two keys and `S3_PUBLIC_URL`. "
        "The key may put, get, delete and list; that anybody may read is "
        "the bucket's own policy, no ACL is sent",
    ),
    "S3_ENDPOINT_URL": Meaning(
        "where the storage is, unless it is Amazon's",
    ),
    "S3_REGION": Meaning(
        "the storage's region, which is signed",
    ),
    "S3_ACCESS_KEY_ID": Meaning(
        "the key's name",
    ),
    "S3_SECRET_ACCESS_KEY": Meaning(
        "the key",
    ),
    "S3_PUBLIC_URL": Meaning(
        "where clients read pictures: the bucket's public address or a CDN before it",
    ),
    "S3_ADDRESSING_STYLE": Meaning(
        "`path` for a bucket in the path (MinIO), `virtual` for one in the host name",
    ),
    "S3_TIMEOUT_SECONDS": Meaning(
        "how long one try to reach the storage may take; there are two",
    ),
    "LOG_LEVEL": Meaning(
        "of all but the access log: `DEBUG`, `INFO`, `WARNING` or `ERROR`",
    ),
    "LOG_DIR": Meaning(
        "a folder for `access.log` and `app.log`, which logrotate may move away at "
        "any time. Without it access goes to the standard output and everything "
        "else to the error output. Leave it out of `/etc/shop/shop.env`: the web unit "
        "sets its own, and the folder is read-only to the other units. Each line is "
        "JSON in production, readable in development",
    ),
    "JWT_ACCESS_DAYS": Meaning(
        "life of a shopper's access token; staff's is 30 minutes",
    ),
    "JWT_REFRESH_DAYS": Meaning(
        "life of a shopper's session after its last refresh; staff's is 12 hours",
    ),
    "LOCKOUT_ACCOUNT_AND_ADDRESS": Meaning(
        "failed password logins of one account from one address, an IPv6 "
        "/64 counting as one, after which they are locked out there; for "
        "the admin and the API together",
    ),
    "LOCKOUT_ACCOUNT": Meaning(
        "failed logins of one account from all addresses, after which it is "
        "locked out everywhere",
    ),
    "LOCKOUT_ADDRESS": Meaning(
        "failed logins from one address, after which it may try no account",
    ),
    "LOCKOUT_MINUTES": Meaning(
        "how long failures count, and a lock lasts",
    ),
    "ADMIN_IDLE_MINUTES": Meaning(
        "after so long without a click staff must log in to the admin again; "
        "after 12 hours they must in any case",
    ),
    "ORDER_PAY_MINUTES": Meaning(
        "after that an unpaid order ends",
    ),
    "ORDER_CONFIRM_DAYS": Meaning(
        "after that a shipped order is completed by itself",
    ),
    "ORDER_REFUND_DAYS": Meaning(
        "so long after its completion a shopper may ask for a refund of an order",
    ),
    "REFUND_RETURN_ADDRESS": Meaning(
        "receiver, phone and address that goods are sent back to; staff may change it "
        "for each return",
    ),
    "REFUND_RETURN_DAYS": Meaning(
        "so long after staff have agreed a shopper may send goods back; then the "
        "request is withdrawn",
    ),
    "ORDER_REVIEW_DAYS": Meaning(
        "so long after the completion of an order a shopper may review its lines",
    ),
    "ORDER_REVIEW_APPEND_DAYS": Meaning(
        "so long after a review its shopper may add to it, once",
    ),
    "REFUND_TWO_PERSON_ABOVE": Meaning(
        "yuan: when staff grant more than that of one order, all refunds of it "
        "together, a second person must agree; empty: one is enough. A shop needs two "
        "accounts with the permission",
    ),
    "REFUND_DAY_CAP": Meaning(
        "yuan that staff can grant in one day, all of them together; empty: no cap. A "
        "shopper's cancel before anything has left passes",
    ),
    "RATELIMIT_ENABLE": Meaning(
        "`0`, for load tests, needs `SHOP_ENV=development`",
    ),
    "TRUSTED_PROXY_HOPS": Meaning(
        "how many proxies of yours each request passes: `1` behind one nginx. The "
        "client's address is read that far from the right of `X-Forwarded-For`; "
        "with `0` no `X-Forwarded-*` is believed",
        default="*required* in production, else `0`",
    ),
    "RATELIMIT_LOGIN": Meaning(
        "requests / seconds: logins for each address",
    ),
    "RATELIMIT_STAFF_LOGIN": Meaning(
        "password logins for each account",
    ),
    "RATELIMIT_SESSION": Meaning(
        "refreshes and logouts for each address",
    ),
    "RATELIMIT_READ": Meaning(
        "public reads for each address",
    ),
    "RATELIMIT_WRITE": Meaning(
        "orders, payments and other writes for each shopper",
    ),
    "RATELIMIT_CART": Meaning(
        "cart, previews and what else follows every tap or look, for each shopper",
    ),
    "SHEET_KEEP_DAYS": Meaning(
        "so long the files of imports and exports are kept, and a checked import may "
        "be confirmed",
    ),
    "FOOTPRINT_KEEP_DAYS": Meaning(
        "so long it is kept what a shopper has looked at and searched for",
    ),
    "NOTICE_KEEP_DAYS": Meaning(
        "so long notifications of WeChat Pay are kept after they were settled",
    ),
    "MESSAGE_KEEP_DAYS": Meaning(
        "so long it is kept which messages shoppers were sent",
    ),
    "LOGIN_FAILURE_KEEP_DAYS": Meaning(
        "so long the record of failed password logins is kept",
    ),
    "JOB_KEEP_DAYS": Meaning(
        "so long background jobs that failed are kept to be looked at",
    ),
    "HISTORY_KEEP_DAYS": Meaning(
        "so long it is kept what staff changed, and which sheets they ran",
    ),
    "WECHAT_API_BASE": Meaning(
        "where logins and phone numbers are asked for",
    ),
    "WECHAT_PAY_BASE": Meaning(
        "where WeChat Pay is; in production also `https://api2.mch.weixin.qq.com`",
    ),
    "WECHAT_APPID": Meaning(
        "the mini-program's id",
    ),
    "WECHAT_SECRET": Meaning(
        "its secret",
    ),
    "WECHAT_MCHID": Meaning(
        "the merchant's number",
    ),
    "WECHAT_API_V3_KEY": Meaning(
        "the APIv3 key, exactly 32 bytes",
    ),
    "WECHAT_MERCHANT_SERIAL": Meaning(
        "serial number of the merchant's certificate",
    ),
    "WECHAT_MERCHANT_PRIVATE_KEY": Meaning(
        "the merchant's private key: RSA, PEM",
    ),
    "WECHAT_PLATFORM_PUBLIC_KEY_ID": Meaning(
        "`PUB_KEY_ID_…`: only public-key mode is supported",
    ),
    "WECHAT_PLATFORM_PUBLIC_KEY": Meaning(
        "WeChat Pay's public key: RSA, PEM",
    ),
    "WECHAT_TEMPLATE_PAID": Meaning(
        "the subscribe message of a payment: the template's id, then which fact fills "
        "which field, as in `ID order_no=character_string1 amount=amount2 goods=thing3 "
        "status=phrase4 time=time5`. All fields of the template must be filled; "
        "without a value no such message is sent",
    ),
    "WECHAT_TEMPLATE_SHIPPED": Meaning(
        "that of an order that has left; may also tell `carrier=thing…` and "
        "`tracking_no=character_string…`",
    ),
    "WECHAT_TEMPLATE_REFUNDED": Meaning(
        "that of a refund, whose `amount` it tells; may also tell "
        "`refund_no=character_string…`",
    ),
    "WECHAT_TEMPLATE_AGREED": Meaning(
        "that of goods that staff want sent back; tells what that of a refund does",
    ),
    "WECHAT_TEMPLATE_REJECTED": Meaning(
        "that of a request for a refund that staff reject; tells the same",
    ),
    "WECHAT_MESSAGE_PAGE": Meaning(
        "the page of the mini-program that a message opens, `{order_no}` standing for "
        "the order's number: `pages/order/detail?orderNo={order_no}`",
    ),
    "WECHAT_SUBSCRIBE_TEMPLATES": Meaning(
        "ids of further templates, separated by commas, that `/api/config` tells to "
        "the client beside those above",
    ),
    "LOGISTICS_SERVICE": Meaning(
        "`kuaidi100`: shoppers and staff see where parcels are; empty: only with which "
        "carrier and number they went",
    ),
    "KUAIDI100_BASE": Meaning(
        "where it is asked",
    ),
    "KUAIDI100_CUSTOMER": Meaning(
        "the shop's customer code at Kuaidi100",
    ),
    "KUAIDI100_KEY": Meaning(
        "its key, which signs what is asked",
    ),
    "METRICS_TOKEN": Meaning(
        "the bearer token of `/metrics`, 16 bytes or more; without it that page "
        "does not exist",
    ),
    "SENTRY_DSN": Meaning(
        "where crashes are reported: Sentry, or what speaks its protocol. Sent are "
        "the trace and the lines of code, without variables, headers, queries and "
        "bodies",
    ),
}


def settings_table() -> str:
    """Return the table of all settings, in the order in which they are read.

    Raises: KeyError, for a setting without a meaning.
    """
    rows = [
        f"| `{name}` | {MEANINGS[name].default or _shown(default)} |"
        f" {MEANINGS[name].text} |"
        for name, default in settings_read().items()
    ]
    return "\n".join(["| name | default | meaning |", "|---|---|---|", *rows])


def _shown(default: str | None) -> str:
    if default is None:
        return "*required*"
    return f"`{default}`" if default else "*none*"
