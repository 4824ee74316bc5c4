"""The environment in which the shop's programs run on this machine."""

import json
from collections.abc import Mapping
from pathlib import Path

from shop.devstack.credentials import Credentials
from shop.devstack.ports import HOST

WORLD_FILE = "wechat.json"
MEDIA_FOLDER = "media"
WORLD_VARIABLES = {
    "WECHAT_APPID": "appid",
    "WECHAT_SECRET": "secret",
    "WECHAT_MCHID": "mchid",
    "WECHAT_API_V3_KEY": "apiV3Key",
    "WECHAT_MERCHANT_SERIAL": "merchantSerial",
    "WECHAT_MERCHANT_PRIVATE_KEY": "merchantPrivateKey",
    "WECHAT_PLATFORM_PUBLIC_KEY_ID": "platformPublicKeyId",
    "WECHAT_PLATFORM_PUBLIC_KEY": "platformPublicKey",
    # The simulator's Kuaidi100 knows the shop by these.
    "KUAIDI100_CUSTOMER": "mchid",
    "KUAIDI100_KEY": "secret",
}
# A message for each event, so that all of them are seen in the simulator's state. The
# simulator takes any id of WeChat's form.
MESSAGE_SETTINGS = {
    "WECHAT_TEMPLATE_PAID": f"{'sim-paid-':0<43} order_no=character_string1 "
    "goods=thing2 amount=amount3 status=phrase4 time=time5",
    "WECHAT_TEMPLATE_SHIPPED": f"{'sim-shipped-':0<43} order_no=character_string1 "
    "goods=thing2 carrier=thing3 tracking_no=character_string4 time=time5",
    "WECHAT_TEMPLATE_REFUNDED": f"{'sim-refunded-':0<43} order_no=character_string1 "
    "refund_no=character_string2 amount=amount3 status=phrase4 time=time5",
    "WECHAT_TEMPLATE_AGREED": f"{'sim-agreed-':0<43} order_no=character_string1 "
    "refund_no=character_string2 goods=thing3 status=phrase4 time=time5",
    "WECHAT_TEMPLATE_REJECTED": f"{'sim-rejected-':0<43} order_no=character_string1 "
    "refund_no=character_string2 goods=thing3 status=phrase4 time=time5",
    "WECHAT_MESSAGE_PAGE": "pages/order/detail?orderNo={order_no}",
}


def address(port: int) -> str:
    """Return the URL of a program on loopback."""
    return f"http://{HOST}:{port}"


def shop_environment(
    *, credentials: Credentials, folder: Path, port: int, simulator_port: int
) -> dict[str, str]:
    """Return every setting that needs no running server."""
    return {
        "SHOP_ENV": "development",
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "SECRET_KEY": credentials.secret_key,
        "JWT_SIGNING_KEY": credentials.jwt_signing_key,
        "FIELD_ENCRYPTION_KEY": credentials.field_encryption_key,
        "PUBLIC_URL": address(port),
        "ALLOWED_HOSTS": f"{HOST},localhost",
        "MEDIA_ROOT": str(folder / MEDIA_FOLDER),
        "WECHAT_API_BASE": address(simulator_port),
        "WECHAT_PAY_BASE": address(simulator_port),
        "LOGISTICS_SERVICE": "kuaidi100",
        "KUAIDI100_BASE": address(simulator_port),
        # A proxy of the machine's would be asked for the simulator.
        "NO_PROXY": f"{HOST},localhost",
        "no_proxy": f"{HOST},localhost",
        **world_environment(folder / WORLD_FILE),
    }


def world_environment(path: Path) -> dict[str, str]:
    """Return the WeChat settings of the simulator's world, made the first time."""
    if not path.exists():
        # Here, because the crypto library costs every later start time and memory.
        from shop.devstack.simulator.world import world_ensure

        world_ensure(path)
    world = json.loads(path.read_text())
    return {name: world[key] for name, key in WORLD_VARIABLES.items()}


def environment_merge(
    caller: Mapping[str, str], ours: Mapping[str, str]
) -> dict[str, str]:
    """Return the caller's environment with ours over it.

    The caller's NAME_FILE of a setting of ours would win over it, and PG* variables
    would lead elsewhere: both go.
    """
    kept = {
        name: value
        for name, value in caller.items()
        if not name.startswith("PG") and name.removesuffix("_FILE") not in ours
    }
    return kept | dict(ours)
