"""What accounts read from requests and show in answers."""

import re
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import URLValidator
from rest_framework import serializers

from accounts.models import User
from shop.api.images import image_name, image_url
from shop.api.serializers import (
    AddressFieldsMixin,
    PhoneField,
    ShopModelSerializer,
    ShopSerializer,
)
from shop.api.text import PlainTextField

# WeChat's codes have 32 to 64 characters, our tokens about 250.
CODE_MAX = 512
TOKEN_MAX = 2000
# The letters of RFC 3986: no quote, angle bracket, backslash or space.
_URL_LETTERS = re.compile(r"https://[A-Za-z0-9._~:/?#\[\]@!$&()*+,;=%-]+")
_url_validate = URLValidator(schemes=["https"])


def _https(url: str) -> str:
    """Return a URL of the https scheme.

    Raises: ValidationError.
    """
    try:
        _url_validate(url if _URL_LETTERS.fullmatch(url) else "")
    except DjangoValidationError:
        raise serializers.ValidationError("头像地址不正确") from None
    return url


class CodeSerializer(ShopSerializer):
    """A code that the mini-program got from WeChat."""

    code = serializers.CharField(label="code", max_length=CODE_MAX)


class RefreshTokenSerializer(ShopSerializer):
    refreshToken = serializers.CharField(label="refreshToken", max_length=TOKEN_MAX)


class StaffLoginSerializer(ShopSerializer):
    username = serializers.CharField(label="用户名", max_length=150)
    # The hash takes longer the longer the password is.
    password = serializers.CharField(
        label="密码", max_length=128, trim_whitespace=False
    )
    otp = serializers.CharField(
        label="验证码",
        max_length=20,
        required=False,
        allow_blank=True,
        help_text="the code of the second factor, of accounts that have one",
    )


class FileSerializer(ShopSerializer):
    """A picture in a form."""

    file = serializers.FileField(label="文件")


class TokensSerializer(ShopSerializer):
    """The two tokens of a session."""

    token = serializers.CharField()
    refreshToken = serializers.CharField(source="refresh_token")
    expiresIn = serializers.IntegerField(
        source="expires_in_seconds", help_text="seconds until `token` expires"
    )


class StaffTokensSerializer(TokensSerializer):
    """The answer to a staff login."""

    userId = serializers.IntegerField()


class UserInfoSerializer(ShopSerializer):
    """How a shopper looks to others."""

    nickname = serializers.CharField()
    avatar = serializers.SerializerMethodField()

    def get_avatar(self, user: User) -> str:
        return image_url(user.avatar)


class LoginSerializer(TokensSerializer):
    """The answer to a shopper's login."""

    userId = serializers.IntegerField()
    isNew = serializers.BooleanField()
    userInfo = UserInfoSerializer()


class AvatarField(serializers.CharField):
    """An https picture that the shop never fetches, or one of our own uploads.

    Sending back the URL that was read keeps the avatar as it is.
    """

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        user = self.parent.instance
        if isinstance(user, User) and text == image_url(user.avatar):
            return user.avatar
        if text == "":
            return ""
        name = image_name(text)
        if name is None:
            return _https(text)
        if not isinstance(user, User) or not user.uploads.filter(file=name).exists():
            raise serializers.ValidationError("头像地址不正确")
        return name

    def to_representation(self, value: str) -> str:
        return image_url(value)


class UserSerializer(ShopModelSerializer):
    """A shopper's own record."""

    nickname = PlainTextField(label="昵称", max_length=64, allow_blank=True)
    avatar = AvatarField(label="头像", max_length=500, allow_blank=True)
    phone = PhoneField(label="手机号", allow_blank=True)

    class Meta:
        model = User
        fields = ("id", "nickname", "avatar", "phone")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Leave out an avatar that is only sent back: there may be a newer one."""
        if self.instance and attrs.get("avatar") == self.instance.avatar:
            del attrs["avatar"]
        return attrs


def user_shown(user: User) -> dict[str, Any]:
    """Return what UserSerializer says, without asking its fields on each request."""
    return {
        "id": user.pk,
        "nickname": user.nickname,
        "avatar": image_url(user.avatar),
        "phone": user.phone,
    }


class PhoneSerializer(ShopSerializer):
    phone = serializers.CharField()


class AvatarSerializer(ShopSerializer):
    avatar = serializers.CharField()


class UploadedSerializer(ShopSerializer):
    url = serializers.CharField()


class AddressSerializer(AddressFieldsMixin, ShopSerializer):
    """An address of the address book."""

    id = serializers.IntegerField(read_only=True)
    isDefault = serializers.BooleanField(
        label="默认地址", source="is_default", required=False
    )


class AddressTextSerializer(ShopSerializer):
    """A text that holds an address, as people send it to each other."""

    text = PlainTextField(label="地址", max_length=500)


class AddressReadSerializer(ShopSerializer):
    """What the text says; a field is empty when it says nothing of it."""

    name = serializers.CharField()
    phone = serializers.CharField()
    province = serializers.CharField()
    city = serializers.CharField()
    district = serializers.CharField()
    detail = serializers.CharField()
