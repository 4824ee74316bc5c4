"""What staff see of people whom they need not know."""

from types import SimpleNamespace
from typing import Any

import pytest

from shop.back_office.masking import address_shown, name_shown, phone_shown

PLACE = SimpleNamespace(
    province="浙江省", city="杭州市", district="西湖区", detail="龙井路1号"
)


def asked_by(*permissions: str) -> Any:
    return SimpleNamespace(
        user=SimpleNamespace(has_perm=lambda name: name in permissions)
    )


@pytest.mark.parametrize(
    ("name", "phone", "masked_name", "masked_phone"),
    [
        ("张三", "13800138000", "张**", "138****8000"),
        ("阿卜杜拉", "+8613800138000", "阿**", "+86****8000"),
        ("张", "01012345", "张**", "010****2345"),
        ("", "1234567", "—", "—"),
    ],
)
def test_masked_without_the_permission(
    name: str, phone: str, masked_name: str, masked_phone: str
) -> None:
    request = asked_by("accounts.view_shopper")
    assert name_shown(request, name) == masked_name
    assert phone_shown(request, phone) == masked_phone
    assert address_shown(request, PLACE) == "浙江省杭州市西湖区***"


def test_whole_with_the_permission() -> None:
    request = asked_by("accounts.reveal_shopper")
    assert name_shown(request, "张三") == "张三"
    assert phone_shown(request, "13800138000") == "13800138000"
    assert address_shown(request, PLACE) == "浙江省杭州市西湖区龙井路1号"
