"""`make backup` and `make restore`: the servers' own scripts, for this stack."""

import os
import time
from collections.abc import Mapping
from pathlib import Path

from shop.devstack.credentials import credentials_ensure
from shop.devstack.data_directory import DataDirectory
from shop.devstack.environment import environment_merge, shop_environment
from shop.devstack.parts import DevstackError, Part, Parts
from shop.devstack.ports import port_find
from shop.devstack.postgres import PostgresServer, libpq_variables, program_path
from shop.devstack.programs import PROJECT, python
from shop.devstack.terminal import say
from shop.devstack.valkey import ValkeyServer

FOLDER = "backups"
SECRETS = "secrets.json"
# A large shop takes its time.
SCRIPT_SECONDS = 3600
# What a restore makes anew.
MADE = ("postgres", "media")


def backup_make(folder: Path) -> None:
    """Back the running shop up into SHOP_DATA/backups.

    Raises: DevstackError.
    """
    settings = DataDirectory(folder).running_settings()
    if settings is None:
        raise DevstackError(f"no shop runs with SHOP_DATA {folder}: start it, make run")
    Path(settings["MEDIA_ROOT"]).mkdir(exist_ok=True)
    (folder / FOLDER).mkdir(mode=0o700, exist_ok=True)
    env = settings | libpq_variables(settings["DATABASE_URL"])
    env["BACKUP_FOLDER"] = str(folder / FOLDER)
    Parts().run(_script("backup", folder, env), SCRIPT_SECONDS)


def backup_restore(folder: Path, *, backup: Path, puts_aside: bool) -> None:
    """Restore a backup into SHOP_DATA, on a server of its own, and look at it.

    With `puts_aside` what is there is renamed first; nothing is ever overwritten.

    Raises: DevstackError, also when the restored shop is not as it must be.
    """
    data = DataDirectory(folder)
    data.open()
    try:
        data.leftovers_stop()
        _keys_require(folder)
        Parts().run(_script("restore", folder, {}, "--check", str(backup)))
        _in_the_way_aside(folder, puts_aside=puts_aside)
        _restore(data, backup)
    finally:
        data.close()


def backup_newest(folder: Path) -> Path:
    """Return the newest backup in SHOP_DATA/backups.

    Raises: DevstackError.
    """
    found = sorted((folder / FOLDER).glob("shop-*Z"))
    if not found:
        raise DevstackError(f"no backup in {folder / FOLDER}: make one, make backup")
    return found[-1]


def _keys_require(folder: Path) -> None:
    """Make no new keys: they would read nothing of what is restored."""
    if not (folder / SECRETS).exists():
        raise DevstackError(
            f"{folder / SECRETS} is missing: a backup holds no keys. Copy that file of"
            " the shop that the backup was made of"
        )


def _in_the_way_aside(folder: Path, *, puts_aside: bool) -> None:
    there = [folder / name for name in MADE if (folder / name).exists()]
    if there and not puts_aside:
        raise DevstackError(
            f"SHOP_DATA {folder} holds a shop: restore into another folder, or say"
            " OVER=yes to put that shop aside"
        )
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    for path in there:
        aside = path.rename(path.with_name(f"{path.name}.before-{moment}"))
        say(f"put aside: {aside}")


def _restore(data: DataDirectory, backup: Path) -> None:
    """Start the servers, restore, look at what came of it, stop the servers."""
    folder, parts = data.path, Parts(started=data.part_note)
    credentials = credentials_ensure(folder / SECRETS)
    valkey = ValkeyServer(folder, data.logs / "valkey.log", credentials.valkey_password)
    postgres = PostgresServer(
        folder, data.logs / "postgres.log", credentials.postgres_password
    )
    settings = shop_environment(
        credentials=credentials,
        folder=folder,
        port=port_find(),
        simulator_port=port_find(),
    )
    Path(settings["MEDIA_ROOT"]).mkdir(mode=0o755)
    try:
        valkey.start(parts)
        postgres.start(parts)
        settings |= {"DATABASE_URL": postgres.url, "VALKEY_URL": valkey.url}
        env = settings | libpq_variables(postgres.url)
        parts.run(_script("restore", folder, env, str(backup)), SCRIPT_SECONDS)
        parts.run(_check(data, settings), SCRIPT_SECONDS)
    finally:
        parts.stop()


def _script(name: str, folder: Path, env: Mapping[str, str], *arguments: str) -> Part:
    """Return deploy/NAME.sh, with the embedded programs on its path."""
    path = f"{program_path('pg_dump').parent}{os.pathsep}{os.environ['PATH']}"
    return Part(
        name=f"{name}.sh",
        command=["/bin/sh", str(PROJECT / "deploy" / f"{name}.sh"), *arguments],
        env={**environment_merge(os.environ, env), "PATH": path},
        log=folder / "logs" / f"{name}.log",
        shows_output=True,
    )


def _check(data: DataDirectory, settings: Mapping[str, str]) -> Part:
    manage = str(PROJECT / "manage.py")
    return Part(
        name="restore_check",
        command=python(manage, "restore_check", "--migrate"),
        env=environment_merge(os.environ, settings),
        log=data.logs / "restore.log",
        shows_output=True,
    )
