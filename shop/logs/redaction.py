"""The last guard: whatever code logs, no secret leaves the process with it."""

import re
from functools import cache

from shop.checks import secrets_of_settings

HIDDEN = "***"
# Shorter ones are words: hiding each would hide half the log.
SECRET_MIN_CHARACTERS = 8
# Fields whose values nobody may read, in a query, a JSON body or a repr.
_NAMES = (
    r"\w*secret|\w*token|js_code|code|otp|ticket|sealed|\w*password|session_key\w*|api_?v?3?_?key"
    r"|\w*authorization|\w*cookie|sessionid|csrf\w*|\w*sign(?:ature)?|openid|phone\w*"
    r"|prepay_id|receiver|address"
)
_PATTERNS = [
    # What follows in PostgreSQL's text and in the lines of a trace holds whole rows.
    (re.compile(r"DETAIL: .*?(?=\n\nThe above|\n\nDuring|\Z)", re.DOTALL), "DETAIL: "),
    (
        re.compile(r"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----", re.DOTALL),
        "",
    ),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), ""),
    (re.compile(r"(?i)\b(bearer|basic) +[\w.~+/=-]{8,}"), r"\1 "),
    (re.compile(r"\b(WECHATPAY2-[\w-]+) .*"), r"\1 "),
    (
        re.compile(
            rf"""(?i)(?<!\w)((?:{_NAMES})\\*["']?\s*[:=]\s*)"""
            r"""(\\*["'][^"']*\\*["']|[^\s"'&,;)}\]]+)"""
        ),
        r"\1",
    ),
    # A mainland mobile number, alone: order numbers are longer.
    (re.compile(r"(?<![0-9A-Za-z])(?:\+?86)?1[3-9]\d{9}(?![0-9A-Za-z])"), ""),
]

# Something of each pattern: a path or a request's id seldom has any of it, and needs no
# closer look.
_SIGNS = re.compile(
    r"[:=]|-----|eyJ|WECHATPAY2|[Bb][Ee][Aa][Rr][Ee][Rr]|[Bb][Aa][Ss][Ii][Cc]"
    r"|1[3-9]\d{9}"
)


def redact(text: str) -> str:
    """Return a text without the settings' secrets, tokens, phone numbers and rows."""
    text = _secrets().sub(HIDDEN, text)
    if not _SIGNS.search(text):
        return text
    for pattern, kept in _PATTERNS:
        text = pattern.sub(kept + HIDDEN, text)
    return text


@cache
def _secrets() -> re.Pattern[str]:
    found = {
        part.strip()
        for secret in secrets_of_settings().values()
        for part in secret.split(",")
    }
    long = sorted(part for part in found if len(part) >= SECRET_MIN_CHARACTERS)
    return re.compile("|".join(map(re.escape, long)) or r"(?!)")
