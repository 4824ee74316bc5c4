"""What is installed: which files, and what was wanted."""

import re
from pathlib import Path

import pytest

from shop.devstack.programs import PROJECT
from supply_chain.pins import DEVELOPMENT, OURSELVES, PIN, SERVER, Pin, pins_read


@pytest.mark.parametrize("path", [SERVER, DEVELOPMENT], ids=lambda path: path.name)
def test_every_package_is_pinned_with_the_hashes_of_its_files(path: Path) -> None:
    """No other line: no index, no address, nothing that is not compared."""
    _, command, rest = path.read_text().split("\n", 2)
    # Dependabot does it again as this line says.
    assert command == (
        "#    uv pip compile --universal --python-version 3.11 --generate-hashes"
        f" {path.with_suffix('.in').name} --output-file {path.name}"
    )
    assert PIN.sub("", rest) == ""
    assert all(pin.hashes and pin.wanted_by for pin in pins_read(path).values())
    # What this system has no use for is pinned, too.
    assert "python_full_version < '3.11.3'" in rest


@pytest.mark.parametrize("path", [SERVER, DEVELOPMENT], ids=lambda path: path.name)
def test_what_is_wanted_is_what_is_pinned(path: Path) -> None:
    lines = path.with_suffix(".in").read_text().splitlines()
    wanted = dict(line.split("==") for line in lines if line[0] not in "#-")
    pins = pins_read(path)
    for name, version in wanted.items():
        pin = pins[re.sub(r"[._]", "-", name).lower()]
        assert (pin.version, OURSELVES in pin.wanted_by) == (version, True)


def test_development_has_what_a_server_has() -> None:
    development = pins_read(DEVELOPMENT)
    for name, pin in pins_read(SERVER).items():
        other = development[name]
        assert (other.version, other.marker) == (pin.version, pin.marker)
        assert other.hashes == pin.hashes


def test_a_pin_is_read_whole(tmp_path: Path) -> None:
    one, other = "1" * 64, "a" * 64
    path = tmp_path / "requirements.txt"
    path.write_text(
        f"cffi==2.1.1 ; sys_platform == 'win32' \\\n    --hash=sha256:{one} \\\n"
        f"    --hash=sha256:{other}\n    # via cryptography\n"
        f"idna==3.20 \\\n    --hash=sha256:{one}\n"
        "    # via\n    #   -r requirements.in\n    #   requests\n"
    )
    assert pins_read(path) == {
        "cffi": Pin(
            "cffi", "2.1.1", "sys_platform == 'win32'", (one, other), ("cryptography",)
        ),
        "idna": Pin("idna", "3.20", "", (one,), (OURSELVES, "requests")),
    }


def test_everybody_who_installs_compares_the_hashes() -> None:
    for name in ("Makefile", "Dockerfile", "docs/operations.md"):
        text = (PROJECT / name).read_text().replace("\\\n", " ")
        installs = re.findall(r"^.*pip install .*$", text, re.MULTILINE)
        assert installs
        assert all("--require-hashes" in line for line in installs), name
