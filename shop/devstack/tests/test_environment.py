"""What the programs are told, and what of the caller's environment they never see."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from shop.devstack.__main__ import stack_options
from shop.devstack.credentials import (
    credentials_ensure,
    credentials_make,
    staff_ensure,
)
from shop.devstack.environment import (
    MESSAGE_SETTINGS,
    environment_merge,
    shop_environment,
)
from shop.devstack.parts import DevstackError
from shop.devstack.programs import PROJECT
from shop.wechat.templates import EVENTS, template_read


def test_callers_file_variant_does_not_win_over_a_setting_of_ours() -> None:
    caller = {"SECRET_KEY_FILE": "/x", "PGHOST": "elsewhere", "LOG_LEVEL": "DEBUG"}
    assert environment_merge(caller, {"SECRET_KEY": "ours"}) == {
        "LOG_LEVEL": "DEBUG",
        "SECRET_KEY": "ours",
    }


def test_settings_lead_to_the_simulator_and_its_world(tmp_path: Path) -> None:
    settings = shop_environment(
        credentials=credentials_make(), folder=tmp_path, port=8000, simulator_port=9000
    )
    assert settings["SHOP_ENV"] == "development"
    assert settings["PUBLIC_URL"] == "http://127.0.0.1:8000"
    assert settings["WECHAT_API_BASE"] == "http://127.0.0.1:9000"
    assert settings["WECHAT_PAY_BASE"] == "http://127.0.0.1:9000"
    assert settings["KUAIDI100_BASE"] == "http://127.0.0.1:9000"
    assert len(settings["WECHAT_API_V3_KEY"]) == 32
    again = shop_environment(
        credentials=credentials_make(), folder=tmp_path, port=8000, simulator_port=9000
    )
    assert again["WECHAT_APPID"] == settings["WECHAT_APPID"]


def test_each_event_has_a_template_with_an_id_of_wechats_form() -> None:
    read = {
        event: template_read(
            event, MESSAGE_SETTINGS[f"WECHAT_TEMPLATE_{event.upper()}"]
        )
        for event in EVENTS
    }
    assert {len(template.id) for template in read.values()} == {43}
    assert len({template.id for template in read.values()}) == len(EVENTS)


def test_credentials_are_made_once_and_of_the_right_form(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    made = credentials_ensure(path)
    assert credentials_ensure(path) == made
    assert credentials_make() != made
    Fernet(made.field_encryption_key)
    assert len(made.jwt_signing_key) == 64


def test_damaged_credentials_are_told(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text("{")
    with pytest.raises(DevstackError, match="is damaged$"):
        credentials_ensure(path)


def test_staff_account_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "staff.txt"
    name, password = staff_ensure(path)
    assert path.read_text() == f"{name} {password}\n"
    assert (name, len(password)) == ("staff", 24)
    assert staff_ensure(path) == (name, password)


def test_options_by_default() -> None:
    options = stack_options({})
    assert (options.port, options.simulator_port) == (8000, 8001)
    assert options.folder == PROJECT / ".data"
    assert options.restarts is False
    assert stack_options({"SHOP_RESTART": "1"}).restarts is True


def test_simulator_port_follows_port() -> None:
    assert stack_options({"PORT": "9100"}).simulator_port == 9101


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            {"SHOP_ENV": "production"},
            "SHOP_ENV=production: this stack uses the simulator's keys, "
            "for development",
        ),
        ({"PORT": "http"}, "PORT must be a port number, not 'http'"),
        ({"PORT": "0"}, "PORT must be a port number, not '0'"),
        ({"PORT": "65535"}, "SIMULATOR_PORT must be a port number, not '65536'"),
        (
            {"PORT": "80", "SIMULATOR_PORT": "80"},
            "PORT and SIMULATOR_PORT are both 80",
        ),
        ({"SHOP_RESTART": "yes"}, "SHOP_RESTART must be 1 or 0, not 'yes'"),
    ],
)
def test_options_that_make_no_sense(environment: dict[str, str], message: str) -> None:
    with pytest.raises(DevstackError) as caught:
        stack_options(environment)
    assert str(caught.value) == message
