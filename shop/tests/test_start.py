"""A start that could never serve: one line on stderr, status 1, and no secret."""

import base64
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
MANAGE = ("manage.py", "check")
WSGI = ("-c", "import shop.wsgi")
WORKER = ("manage.py", "procrastinate", "worker")
PREPARE = ("-m", "shop.devstack.prepare", "staff")
GUNICORN = ("-m", "gunicorn", "-c", "deploy/gunicorn.conf.py")
HTTPS = {"PUBLIC_URL": "https://shop.example", "ALLOWED_HOSTS": "shop.example"}
# WeChat's own key ids are digits; the simulator's are not.
REAL_KEY_ID = "PUB_KEY_ID_0116000000012026010100000000000000"
PRODUCTION = {
    **HTTPS,
    "SHOP_ENV": "production",
    "WECHAT_API_BASE": "https://api.weixin.qq.com",
    "WECHAT_PAY_BASE": "https://api.mch.weixin.qq.com",
    "KUAIDI100_BASE": "https://poll.kuaidi100.com",
    "WECHAT_PLATFORM_PUBLIC_KEY_ID": REAL_KEY_ID,
    "TRUSTED_PROXY_HOPS": "1",
}
REQUIRED = (
    "SECRET_KEY",
    "JWT_SIGNING_KEY",
    "FIELD_ENCRYPTION_KEY",
    "DATABASE_URL",
    "VALKEY_URL",
    "PUBLIC_URL",
    "WECHAT_APPID",
    "WECHAT_SECRET",
    "WECHAT_MCHID",
    "WECHAT_API_V3_KEY",
    "WECHAT_MERCHANT_SERIAL",
    "WECHAT_MERCHANT_PRIVATE_KEY",
    "WECHAT_PLATFORM_PUBLIC_KEY_ID",
    "WECHAT_PLATFORM_PUBLIC_KEY",
)


def start(
    command: tuple[str, ...], *, timeout_seconds: float = 60, **changes: str | None
) -> Any:
    """Run the shop's own interpreter with a changed environment; None unsets."""
    environment = {**os.environ, **changes}
    return subprocess.run(
        [sys.executable, *command],
        env={name: value for name, value in environment.items() if value is not None},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_seconds,
    )


def assert_refused(run: Any, line: str) -> None:
    assert run.stderr == f"{line}\n"
    assert run.returncode == 1
    assert run.stdout == ""


def test_start_in_development_and_production() -> None:
    for changes in ({}, PRODUCTION):
        run = start(WSGI, **changes)
        assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    run = start(
        ("manage.py", "check", "--deploy", "--fail-level", "WARNING"), **PRODUCTION
    )
    assert run.returncode == 0


def test_start_refuses_each_missing_setting_by_name() -> None:
    """Ask the settings alone, in one process, and both commands for one of them."""
    code = f"""
import os, runpy
from django.core.exceptions import ImproperlyConfigured
for name in {REQUIRED!r}:
    for value in (None, ""):
        kept = os.environ.pop(name)
        if value is not None:
            os.environ[name] = value
        try:
            runpy.run_module("shop.settings")
        except ImproperlyConfigured as error:
            print(error)
        os.environ[name] = kept
"""
    run = start(("-c", code))
    assert run.stdout.splitlines() == [
        f"{name} is not set" for name in REQUIRED for _ in range(2)
    ]
    for command in (MANAGE, WSGI):
        refused = start(command, WECHAT_SECRET=None)
        assert_refused(refused, "configuration error: WECHAT_SECRET is not set")


REFUSALS: list[tuple[dict[str, Any], str]] = [
    (
        {"DATABASE_URL": "mysql://u:s3cret@h/n"},
        "DATABASE_URL must be postgresql://…/name",
    ),
    (
        {"DATABASE_URL": "postgresql://u:s3cret@[::1/n"},
        "DATABASE_URL must be postgresql://…/name",
    ),
    (
        {"DATABASE_URL": "postgresql://u:s3cret@h:x/n"},
        "DATABASE_URL must be postgresql://…/name",
    ),
    ({"DATABASE_URL": "postgresql://u:s3cret@h/"}, "DATABASE_URL names no database"),
    (
        {"DATABASE_URL": "postgresql://u:s3cret@h/n?a=s3cret"},
        "DATABASE_URL has an unknown option",
    ),
    ({"VALKEY_URL": "http://:s3cret@h"}, "VALKEY_URL must be redis://…"),
    (
        {"SECRET_KEY_FILE": "/nowhere/s3cret.txt"},
        "SECRET_KEY_FILE: [Errno 2] No such file or directory: '/nowhere/s3cret.txt'",
    ),
    ({"SECRET_KEY_FILE": sys.executable}, "SECRET_KEY_FILE must name a text file"),
    ({"DEBUG": "s3cret"}, "DEBUG must be 1 or 0"),
    ({"JWT_ACCESS_DAYS": "s3cret"}, "JWT_ACCESS_DAYS must be a whole number"),
    ({"JWT_ACCESS_DAYS": "99999999"}, "JWT_ACCESS_DAYS must be at most 3650"),
    ({"ORDER_PAY_MINUTES": "0"}, "ORDER_PAY_MINUTES must be at least 1"),
    ({"ORDER_PAY_MINUTES": "128161"}, "ORDER_PAY_MINUTES must be at most 128160"),
    ({"RATELIMIT_WRITE": "s3cret"}, "RATELIMIT_WRITE must be like 100/900s"),
    ({"RATELIMIT_LOGIN": "0/300s"}, "RATELIMIT_LOGIN must be like 100/900s"),
    ({"RATELIMIT_READ": "5/0s"}, "RATELIMIT_READ must be like 100/900s"),
    ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR"),
    ({"PUBLIC_URL": "shop.example"}, "PUBLIC_URL must be https://host"),
    ({"PUBLIC_URL": "https://shop.example/shop"}, "PUBLIC_URL must be https://host"),
    ({"PUBLIC_URL": "ftp://shop.example"}, "PUBLIC_URL must be https://host"),
    ({"S3_PUBLIC_URL": "cdn.example"}, "S3_PUBLIC_URL must be https://host/path"),
    (
        {"S3_ENDPOINT_URL": "https://u@h/?a=s3cret"},
        "S3_ENDPOINT_URL must be https://host/path",
    ),
    (
        {"S3_ADDRESSING_STYLE": "s3cret"},
        "S3_ADDRESSING_STYLE must be auto, path or virtual",
    ),
    ({"LOCKOUT_ACCOUNT": "0"}, "LOCKOUT_ACCOUNT must be at least 1"),
    ({"SHOP_ENV": "staging"}, "SHOP_ENV must be development or production"),
]


def test_start_refuses_wrong_settings() -> None:
    """Load the settings anew for each, in one process."""
    cases = [changes for changes, _ in REFUSALS]
    code = f"""
import os, runpy
from django.core.exceptions import ImproperlyConfigured
kept = dict(os.environ)
for changes in {cases!r}:
    os.environ.clear()
    merged = {{**kept, **changes}}
    os.environ.update({{n: v for n, v in merged.items() if v is not None}})
    try:
        runpy.run_module("shop.settings")
        print("accepted", changes)
    except ImproperlyConfigured as error:
        print(error)
"""
    run = start(("-c", code))
    assert run.stdout.splitlines() == [line for _, line in REFUSALS]
    assert run.stderr == ""


@pytest.mark.parametrize("command", [MANAGE, WSGI, WORKER, PREPARE])
def test_every_program_says_it_in_one_line(command: tuple[str, ...]) -> None:
    run = start(command, DATABASE_URL="mysql://u:s3cret@h/n")
    assert_refused(run, f"configuration error: {REFUSALS[0][1]}")


UNSAFE = {
    **PRODUCTION,
    "PUBLIC_URL": "http://shop.example",
    "ALLOWED_HOSTS": "*",
    "DEBUG": "1",
    "RATELIMIT_ENABLE": "0",
    "SECRET_KEY": "s3cret",
    "JWT_SIGNING_KEY": "change-me-" * 4,
    "FIELD_ENCRYPTION_KEY": "s3cret",
    "METRICS_TOKEN": "s3cret",
    "WECHAT_API_V3_KEY": "0123456789abcdef" * 2,
    "WECHAT_MERCHANT_PRIVATE_KEY": "s3cret",
    "WECHAT_PAY_BASE": "http://127.0.0.1:8001",
}
ALL_FAULTS = """
shop.E001: SECRET_KEY must be at least 32 bytes
shop.E001: METRICS_TOKEN must be at least 16 bytes
shop.E003: FIELD_ENCRYPTION_KEY must be Fernet keys, separated by commas
shop.E004: WECHAT_MERCHANT_PRIVATE_KEY must be an RSA key in PEM
shop.E005: SECRET_KEY is an example or repeats itself: make a random one
shop.E005: JWT_SIGNING_KEY is an example or repeats itself: make a random one
shop.E005: FIELD_ENCRYPTION_KEY is an example or repeats itself: make a random one
shop.E005: WECHAT_API_V3_KEY is an example or repeats itself: make a random one
shop.E005: METRICS_TOKEN is an example or repeats itself: make a random one
shop.E007: DEBUG=1 needs SHOP_ENV=development
shop.E008: RATELIMIT_ENABLE=0 needs SHOP_ENV=development
shop.E009: ALLOWED_HOSTS=* needs SHOP_ENV=development
shop.E010: PUBLIC_URL must be https
shop.E011: WECHAT_PAY_BASE: another host needs SHOP_ENV=development
"""


@pytest.mark.parametrize("command", [MANAGE, WSGI, WORKER, PREPARE])
def test_every_program_lists_all_faults_at_once(command: tuple[str, ...]) -> None:
    run = start(command, **UNSAFE)
    lines = [f"configuration error: {line}" for line in ALL_FAULTS.split("\n") if line]
    assert_refused(run, "\n".join(lines))


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"WECHAT_SECRET": ""}, "configuration error: WECHAT_SECRET is not set"),
        (UNSAFE, ALL_FAULTS.split("\n")[1]),
        ({"DATABASE_URL": "postgresql://u:s3cret@127.0.0.1:1/n"}, "database error: "),
    ],
)
def test_gunicorn_stops_at_once(changes: dict[str, str], line: str) -> None:
    """A process that can't serve must end, not start its children again and again."""
    bind = {"GUNICORN_BIND": "127.0.0.1:0"}
    run = start(GUNICORN, **{**bind, **changes})
    assert (run.returncode, run.stdout) == (1, "")
    assert line in run.stderr.splitlines()[0]
    assert "Traceback" not in run.stderr
    assert "s3cret" not in run.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("manage.py", "migrate"),
        ("manage.py", "orders_audit"),
        ("manage.py", "orders_expire"),
        ("manage.py", "seed_demo"),
        ("manage.py", "staff_create", "--username", "boss"),
        WORKER,
        WSGI,
    ],
    ids=lambda command: command[1],
)
def test_start_says_that_the_database_is_away(
    command: tuple[str, ...], dead_port: int
) -> None:
    url = f"postgresql://shop:s3cret@127.0.0.1:{dead_port}/shop"
    run = start(command, DATABASE_URL=url, STAFF_PASSWORD="a-long-password-9")
    assert (run.returncode, run.stdout) == (1, "")
    [line] = run.stderr.splitlines()
    assert line.startswith("database error: connection failed: ")
    assert f"port {dead_port} failed: Connection refused" in line
    assert "s3cret" not in line


@pytest.mark.parametrize("command", [("manage.py", "migrate"), WSGI])
def test_start_with_a_wrong_password_does_not_show_it(
    command: tuple[str, ...],
) -> None:
    kept = os.environ["DATABASE_URL"]
    head, _, tail = kept.partition("@")
    user = head.rpartition("/")[2].partition(":")[0]
    run = start(command, DATABASE_URL=f"postgresql://{user}:s3cret@{tail}")
    [line] = run.stderr.splitlines()
    assert line.startswith("database error: ")
    assert "password authentication failed" in line
    assert "s3cret" not in line
    assert run.returncode == 1


def test_a_command_says_that_the_tables_are_missing() -> None:
    url = os.environ["DATABASE_URL"].rpartition("/")[0] + "/template1"
    run = start(("manage.py", "orders_audit"), DATABASE_URL=url)
    assert run.returncode == 1
    [line] = run.stderr.splitlines()
    assert re.fullmatch(
        r'database error: relation "\w+" does not exist; run manage.py migrate', line
    )


def test_secrets_come_from_files(tmp_path: Path) -> None:
    """A file wins over the variable; white space at its ends is not of the secret."""
    files = {}
    for name in ("SECRET_KEY", "JWT_SIGNING_KEY", "WECHAT_MERCHANT_PRIVATE_KEY"):
        path = tmp_path / name
        path.write_text(f"{os.environ[name]}\n")
        files[f"{name}_FILE"] = str(path)
    secret = base64.b64encode(os.urandom(40)).decode()
    (tmp_path / "SECRET_KEY").write_text(f"\n{secret}\n")
    code = "from django.conf import settings; print(settings.SECRET_KEY)"
    run = start(
        ("-c", code),
        JWT_SIGNING_KEY=None,
        WECHAT_MERCHANT_PRIVATE_KEY=None,
        **files,
    )
    assert (run.stdout, run.stderr, run.returncode) == (f"{secret}\n", "", 0)


def test_production_must_say_how_many_proxies_it_has() -> None:
    run = start(MANAGE, **{**PRODUCTION, "TRUSTED_PROXY_HOPS": None})
    assert_refused(run, "configuration error: TRUSTED_PROXY_HOPS is not set")


def test_options_of_the_database_url_win() -> None:
    code = (
        "import django; django.setup()\n"
        "from django.db import connection\n"
        "with connection.cursor() as cursor:\n"
        "    for name in ('application_name', 'lock_timeout', 'work_mem'):\n"
        "        cursor.execute(f'SHOW {name}'); print(*cursor.fetchone())\n"
    )
    url = os.environ["DATABASE_URL"]
    mark = "&" if "?" in url else "?"
    url += f"{mark}application_name=desk&options=-c%20lock_timeout%3D7s"
    run = start(("-c", code), DATABASE_URL=url)
    assert run.stdout.split() == ["desk", "7s", "32MB"]
