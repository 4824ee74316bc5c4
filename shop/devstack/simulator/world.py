"""The simulator's world: the accounts and keys that WeChat would have issued."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from pathlib import Path
from typing import TypedDict, cast

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

API_V3_KEY_CHARACTERS = 32  # AES-256 takes exactly this many bytes


class World(TypedDict):
    """What stands in wechat.json; keys are PEM text (PKCS 8, SubjectPublicKeyInfo)."""

    appid: str
    secret: str
    mchid: str
    apiV3Key: str
    merchantSerial: str
    merchantPrivateKey: str
    platformPublicKeyId: str
    platformPublicKey: str
    platformPrivateKey: str


class WorldError(Exception):
    """The world's file cannot be used; the text says why, in one line."""


def world_ensure(path: str | os.PathLike[str]) -> World:
    """Return the world kept at `path`, making it (mode 600) when there is none.

    Several processes may call at once: all return the same world.

    Raises:
        WorldError: the file is there and is not a world.
    """
    path = Path(path)
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_once(path, json.dumps(_world_make(), indent=2) + "\n")
    return _world_read(path)


def private_key(pem: str) -> rsa.RSAPrivateKey:
    """Return the RSA private key of `pem`."""
    # Our own file: proving anew that its factors are prime would take a tenth second.
    key = load_pem_private_key(
        pem.encode(), password=None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(key, rsa.RSAPrivateKey):
        raise WorldError("not an RSA private key")
    return key


def _world_make() -> World:
    merchant = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    platform = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return World(
        appid=f"wx{secrets.token_hex(8)}",
        secret=secrets.token_hex(16),
        mchid=f"16{secrets.randbelow(10**8):08d}",
        apiV3Key=secrets.token_hex(API_V3_KEY_CHARACTERS // 2),
        merchantSerial=secrets.token_hex(20).upper(),
        merchantPrivateKey=_private_pem(merchant),
        platformPublicKeyId=f"PUB_KEY_ID_SIM{secrets.randbelow(10**31):031d}",
        platformPublicKey=_public_pem(platform),
        platformPrivateKey=_private_pem(platform),
    )


def _private_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _public_pem(key: rsa.RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def _write_once(path: Path, text: str) -> None:
    """Put a whole file in place; when another process was first, its file stays."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        os.unlink(draft)


def _world_read(path: Path) -> World:
    try:
        world = json.loads(path.read_text(encoding="utf-8"))
        missing = [name for name in World.__annotations__ if not world.get(name)]
        if missing:
            raise WorldError(f"{path}: {', '.join(missing)} missing")
        private_key(world["merchantPrivateKey"])
        private_key(world["platformPrivateKey"])
        load_pem_public_key(world["platformPublicKey"].encode())
    except (OSError, ValueError, AttributeError) as error:
        raise WorldError(f"{path}: not the simulator's world: {error}") from error
    if len(world["apiV3Key"].encode()) != API_V3_KEY_CHARACTERS:
        raise WorldError(f"{path}: apiV3Key is not {API_V3_KEY_CHARACTERS} bytes")
    return cast(World, world)
