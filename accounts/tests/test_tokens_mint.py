"""tokens_mint: working tokens, in a private file, in development alone."""

import io
import os
import stat

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from accounts.models import Session, User

pytestmark = pytest.mark.usefixtures("db")


def minted(*arguments):
    out = io.StringIO()
    call_command("tokens_mint", *arguments, stdout=out)
    return out.getvalue().splitlines()


def user_id_of(token):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    answer = client.get("/api/auth/user")
    assert answer.status_code == 200
    return answer.json()["data"]["id"]


def test_each_token_is_another_shoppers():
    tokens = minted("3")
    assert len({user_id_of(token) for token in tokens}) == len(tokens) == 3
    assert not any(user.has_usable_password() for user in User.objects.all())


def test_again_the_shoppers_are_the_same():
    first, second = minted("2"), minted("3")
    assert User.objects.count() == 3
    assert Session.objects.count() == 5
    assert [user_id_of(one) for one in first] == [user_id_of(one) for one in second[:2]]


def test_a_file_is_private_whatever_it_was(tmp_path):
    path = tmp_path / "tokens"
    path.write_text("old and longer than what will be written, or so it seems\n" * 99)
    path.chmod(0o644)
    assert minted("2", "--output", str(path)) == []
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert len(path.read_text().splitlines()) == 2


def test_a_file_that_can_not_be_written(tmp_path):
    with pytest.raises(CommandError, match="No such file or directory"):
        minted("2", "--output", str(tmp_path / "none" / "tokens"))
    assert User.objects.count() == 0


@pytest.mark.parametrize("count", ["0", "-1", "1000001"])
def test_a_count_that_is_none(count):
    with pytest.raises(CommandError, match="from 1 to 1000000"):
        minted(count)


def test_production_refuses(settings):
    settings.IS_DEVELOPMENT = False
    with pytest.raises(CommandError, match="needs SHOP_ENV=development"):
        minted("1")
    assert User.objects.count() == 0
