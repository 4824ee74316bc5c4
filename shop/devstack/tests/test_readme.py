"""What the README shows of a start, and the first order that it places."""

import os
import re
import shutil
import subprocess

import pytest

from shop.devstack.programs import PROJECT

from .conftest import MARKS
from .stack_process import StackProcess

pytestmark = MARKS

READMES = ("README.md", "README.zh-CN.md")


def fenced(readme: str, language: str) -> list[str]:
    """Return the blocks of a language."""
    text = (PROJECT / readme).read_text()
    pattern = rf"^```{language}\n(.*?)^```"
    return re.findall(pattern, text, re.MULTILINE | re.DOTALL)


def first_order(readme: str) -> str:
    """Return the block of shell commands that places the first order."""
    [block] = fenced(readme, "bash")
    return block


def test_both_readmes_hold_the_same_commands() -> None:
    first, second = (
        [line for line in first_order(readme).splitlines() if line[:1] != "#"]
        for readme in READMES
    )
    assert first == second


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_first_order_of_the_readme_is_paid(running: StackProcess) -> None:
    block = first_order("README.md")
    for default, port in (("8000", running.port), ("8001", running.simulator_port)):
        assert f"=http://127.0.0.1:{default}\n" in block
        block = block.replace(f":{default}\n", f":{port}\n")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "paid"


def shape(text: str) -> list[str]:
    """Return lines without what differs from start to start."""
    lines = text.strip().splitlines()
    for pattern, word in (
        (r"\d+\.\d s", "N s"),
        (r"127\.0\.0\.1:\d+", "HOST"),
        (r"^  staff {6}(\S+) \S+$", r"staff \1 PASSWORD"),
        (r"logs are in .*", "logs are in FOLDER"),
        (r" +", " "),
    ):
        lines = [re.sub(pattern, word, line) for line in lines]
    return lines


@pytest.mark.parametrize("readme", READMES)
def test_start_prints_what_the_readme_shows(running: StackProcess, readme: str) -> None:
    [shown] = fenced(readme, "text")
    assert shape(shown) == shape(running.text)
