"""The admin speaks Chinese, unfold's own words included."""

import re
from gettext import GNUTranslations
from typing import Any

from django.conf import settings
from django.test import Client

from accounts.models import User

FOLDER = settings.BASE_DIR / "shop" / "locale" / "zh_Hans" / "LC_MESSAGES"


def test_the_compiled_words_are_those_that_are_written() -> None:
    text = (FOLDER / "django.po").read_text()
    written = dict(re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', text, re.MULTILINE))
    with (FOLDER / "django.mo").open("rb") as file:
        catalog: Any = GNUTranslations(file)
    compiled = {
        key: value
        for key, value in catalog._catalog.items()
        if isinstance(key, str) and key
    }
    assert compiled == written


def test_no_english_greets_staff(staff: User) -> None:
    client = Client()
    pages = [client.get("/admin/login/")]
    client.force_login(staff)
    pages += [client.get(url) for url in ("/admin/", "/admin/auth/group/?q=nothing")]
    for page in pages:
        text = page.content.decode()
        for english in (
            "Procrastinate",
            "Welcome back",
            "Type to search",
            "No results found",
        ):
            assert english not in text
