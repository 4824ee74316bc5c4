"""A WeChat that says what the simulator never would."""

from shop.wechat.tests.conftest import wechat, wechat_pay  # noqa: F401
