import json
import re
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from shop.devstack.simulator.world import WorldError, world_ensure

SHAPES = {
    "appid": r"wx[0-9a-f]{16}",
    "secret": r"[0-9a-f]{32}",
    "mchid": r"[0-9]{10}",
    "apiV3Key": r"[0-9a-f]{32}",
    "merchantSerial": r"[0-9A-F]{40}",
    "platformPublicKeyId": r"PUB_KEY_ID_SIM[0-9]{31}",
}
KEYS = {"merchantPrivateKey", "platformPublicKey", "platformPrivateKey"}


def test_made_once_and_read_by_its_owner_alone(tmp_path):
    path = tmp_path / "deeper" / "wechat.json"
    world = world_ensure(path)
    assert world_ensure(path) == world == json.loads(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["wechat.json"]


def test_shapes_are_those_of_wechat(tmp_path):
    world = world_ensure(tmp_path / "wechat.json")
    assert set(world) == set(SHAPES) | KEYS
    wrong = [name for name in SHAPES if not re.fullmatch(SHAPES[name], world[name])]
    assert wrong == []


def test_keys_are_rsa_2048_and_the_platform_halves_belong_together(tmp_path):
    world = world_ensure(tmp_path / "wechat.json")
    merchant = load_pem_private_key(world["merchantPrivateKey"].encode(), None)
    platform = load_pem_private_key(world["platformPrivateKey"].encode(), None)
    public = load_pem_public_key(world["platformPublicKey"].encode())
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert (merchant.key_size, platform.key_size) == (2048, 2048)
    assert platform.public_key().public_bytes(*form) == public.public_bytes(*form)
    assert world["merchantPrivateKey"].startswith("-----BEGIN PRIVATE KEY-----\n")
    assert world["platformPublicKey"].startswith("-----BEGIN PUBLIC KEY-----\n")


def test_many_at_once_get_the_same_world(tmp_path):
    path = tmp_path / "wechat.json"
    with ThreadPoolExecutor(4) as pool:
        worlds = list(pool.map(lambda _: world_ensure(path), range(4)))
    assert all(world == worlds[0] for world in worlds)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"appid": "wx1"}'])
def test_a_file_that_is_no_world_is_refused_and_kept(tmp_path, text):
    path = tmp_path / "wechat.json"
    path.write_text(text)
    with pytest.raises(WorldError, match=r"wechat\.json"):
        world_ensure(path)
    assert path.read_text() == text
