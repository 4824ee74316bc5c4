"""The compose file and the images: the schema, and every variable by its name."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from shop.devstack.programs import PROJECT
from shop.tests.test_docs import listed_settings

COMPOSE = PROJECT / "docker-compose.yml"
SCHEMA = Path(__file__).parent / "compose_spec" / "compose-spec.json"
# ${NAME:?…}, ${NAME:-default}; $$NAME is the container's own.
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+):([?-])([^}]*)\}")
# What a server must not set.
DEVELOPMENT = {
    *("SHOP_ENV", "DEBUG", "RATELIMIT_ENABLE"),
    *("WECHAT_API_BASE", "KUAIDI100_BASE"),
}
PUBLISHED = {"80:80", "443:443"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return loaded


def example() -> dict[str, tuple[str, str]]:
    """Return value and explanation of each variable of .env.example."""
    found = {}
    lines = (PROJECT / ".env.example").read_text().splitlines()
    for above, line in zip(lines, lines[1:], strict=False):
        if match := re.fullmatch(r"(?:# )?([A-Z][A-Z0-9_]+)=(.*)", line):
            assert match[1] not in found
            found[match[1]] = (match[2], above)
    return found


def settings() -> set[str]:
    """Return the names of every setting there is."""
    return {*listed_settings("The shop"), *listed_settings("The web server")}


def used() -> dict[str, tuple[str, str]]:
    """Return how compose uses each variable: `?` or `-`, and what follows."""
    text = re.sub(r"^ *#.*$", "", COMPOSE.read_text(), flags=re.MULTILINE)
    found: dict[str, tuple[str, str]] = {}
    for name, how, rest in VARIABLE.findall(text):
        assert found.setdefault(name, (how, rest)) == (how, rest), name
    # None without a default or a refusal.
    assert len(re.findall(r"(?<!\$)\$[{A-Za-z]", text)) == len(VARIABLE.findall(text))
    return found


def test_compose_file_follows_the_schema(compose: dict[str, Any]) -> None:
    validator = Draft7Validator(json.loads(SCHEMA.read_text()))
    assert [error.message for error in validator.iter_errors(compose)] == []


def test_every_variable_is_in_the_example_with_its_default() -> None:
    listed = example()
    for name, (how, rest) in used().items():
        value, _ = listed[name]
        assert value == ("" if how == "?" else rest), name


def test_example_explains_each_variable_and_holds_no_secret() -> None:
    text = (PROJECT / ".env.example").read_text()
    for name, (_, explanation) in example().items():
        assert re.fullmatch(r"# \S.*", explanation), name
    assert re.findall(r"^[A-Z]\w*=(.+)$", text, re.MULTILINE) == []


def test_example_has_every_setting_and_no_other() -> None:
    listed = {name.removesuffix("_FILE") for name in example()}
    own = {name for name in used() if name not in settings()}
    # WEB_CONCURRENCY is another name of GUNICORN_WORKERS.
    assert listed == (settings() | own) - DEVELOPMENT - {"WEB_CONCURRENCY"}


def test_every_variable_of_the_containers_is_a_setting(
    compose: dict[str, Any],
) -> None:
    for service in ("web", "worker", "migrate"):
        names = compose["services"][service]["environment"]
        own = {name.removesuffix("_FILE") for name in names}
        assert own - settings() == set()


def test_only_nginx_is_reached_from_outside(compose: dict[str, Any]) -> None:
    services = compose["services"]
    published = {
        name: set(one["ports"]) for name, one in services.items() if "ports" in one
    }
    assert published == {"nginx": PUBLISHED}
    assert compose["networks"]["data"] == {"internal": True}
    for name in ("migrate", "postgres", "valkey", "backup", "restore"):
        assert services[name]["networks"] == ["data"]
    assert "data" not in services["nginx"]["networks"]


def test_every_service_is_held_tight(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
        restart = "no" if name in {"migrate", "restore"} else "unless-stopped"
        assert service["restart"] == restart, name
    assert "postgres:/var/lib/postgresql" in compose["services"]["postgres"]["volumes"]


def test_the_rest_waits_for_the_tables(compose: dict[str, Any]) -> None:
    for name in ("web", "worker"):
        waits = compose["services"][name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}
    assert compose["services"]["nginx"]["depends_on"] == {
        "web": {"condition": "service_healthy"}
    }


def test_image_holds_what_it_copies_and_no_compiler() -> None:
    text = (PROJECT / "Dockerfile").read_text()
    stages = re.findall(r"^FROM ([^\s@]+)@\S+ AS (\w+)$", text, re.MULTILINE)
    assert stages == [
        ("python:3.13-slim", "build"),
        ("python:3.13-slim", "shop"),
        ("nginx:1.28-alpine", "nginx"),
    ]
    assert "apt-get" not in text
    for source in re.findall(r"^COPY (?!--)(\S+) ", text, re.MULTILINE):
        assert (PROJECT / source).exists(), source
    assert re.findall(r"^USER (\S+)$", text, re.MULTILINE) == ["10001:10001", "101:101"]


def test_static_files_need_no_setting(tmp_path: Path) -> None:
    """As the image is built: nothing is set, and nobody is asked."""
    done = subprocess.run(
        [sys.executable, PROJECT / "deploy" / "collectstatic.py"],
        env={"PATH": os.environ["PATH"], "STATIC_ROOT": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    # What nginx's health check asks for.
    assert (tmp_path / "admin" / "css" / "base.css").is_file()


def test_production_code_needs_no_development_stack(tmp_path: Path) -> None:
    """The image leaves shop/devstack and the tests out."""
    code = """
import sys
sys.modules["shop.devstack"] = None
import django
django.setup()
import shop.urls, shop.wsgi
from procrastinate.contrib.django import app
print(len(app.tasks) > 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr
