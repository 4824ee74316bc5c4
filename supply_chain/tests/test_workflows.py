"""What runs at GitHub: what is named by its hash, with few rights."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from shop.devstack.programs import PROJECT

WORKFLOWS = sorted((PROJECT / ".github/workflows").iterdir())
READ = {"contents": "read"}
# The one right besides reading: to show findings beside the code.
MORE = {"codeql.yml": {**READ, "security-events": "write"}}
ACTION = re.compile(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
IMAGE = re.compile(r"[\w/]+:[\w.-]+@sha256:[0-9a-f]{64}")


def load(path: Path) -> dict[Any, Any]:
    loaded: dict[Any, Any] = yaml.safe_load(path.read_text())
    return loaded


def jobs(path: Path) -> list[dict[str, Any]]:
    return list(load(path)["jobs"].values())


def test_there_is_one_for_each_purpose() -> None:
    names = [path.name for path in WORKFLOWS]
    assert names == ["ci.yml", "codeql.yml", "dependencies.yml", "release.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_job_has_few_rights_and_an_end(path: Path) -> None:
    assert load(path)["permissions"] == {}
    for job in jobs(path):
        assert job["permissions"] == MORE.get(path.name, READ)
        assert 0 < job["timeout-minutes"] <= 90
        assert job["runs-on"] == "ubuntu-24.04"
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            # What somebody else has written, as a title or a branch, runs as a command.
            assert "github.event" not in step.get("run", "")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_named_by_its_hash(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text())
    assert used
    assert [one for one in used if not ACTION.fullmatch(one)] == []
    for job in jobs(path):
        [checkout] = [
            step
            for step in job["steps"]
            if step.get("uses", "").startswith("actions/checkout@")
        ]
        assert checkout["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_is_installed_is_compared(path: Path) -> None:
    steps = [step.get("run", "") for job in jobs(path) for step in job["steps"]]
    installs = [step for step in steps if re.search(r"(pip|npm|uv) install", step)]
    assert all("--require-hashes" in step for step in installs)


def test_ci_runs_everything_on_every_python_with_the_history() -> None:
    run = load(WORKFLOWS[0])["jobs"]["run"]
    assert run["strategy"]["matrix"] == {"python": ["3.11", "3.12", "3.13"]}
    assert run["steps"][-1] == {"run": ".ci/run"}
    # Without it there is no older version to upgrade from.
    assert run["steps"][0]["with"]["fetch-depth"] == 0


def test_every_kind_of_dependency_is_looked_at_weekly() -> None:
    updates = load(PROJECT / ".github/dependabot.yml")["updates"]
    assert [one["package-ecosystem"] for one in updates] == [
        *("uv", "github-actions", "docker", "docker-compose"),
    ]
    for one in updates:
        assert (one["directory"], one["schedule"]) == ("/", {"interval": "weekly"})
        assert one["cooldown"] == {"default-days": 7}


def test_every_image_is_named_by_its_digest() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text()
    bases = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    compose = (PROJECT / "docker-compose.yml").read_text()
    images = [
        *bases,
        *re.findall(r"^ +image: (?!shop)(\S+)", compose, re.MULTILINE),
    ]
    assert [one for one in images if not IMAGE.fullmatch(one)] == []
    # The same tag is the same image wherever it stands.
    assert len({one.partition("@")[0] for one in images}) == len(set(images)) == 4
