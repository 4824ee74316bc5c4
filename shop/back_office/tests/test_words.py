"""The admin's own words are Chinese, and the compiled catalogue is the readable one."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

import shop
from accounts.models import User

WORDS = Path(shop.__file__).parent / "locale/zh_Hans/LC_MESSAGES/django.po"
ENTRIES = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', WORDS.read_text(), re.M)


@pytest.mark.parametrize(("english", "chinese"), ENTRIES)
def test_catalogue_is_compiled(english: str, chinese: str) -> None:
    assert translation.gettext(english) == chinese


def test_front_page_speaks_chinese(client: Client, staff: User) -> None:
    client.force_login(staff)
    text = client.get("/admin/").content.decode()
    assert "搜索栏目…" in text
    assert "Search apps" not in text
