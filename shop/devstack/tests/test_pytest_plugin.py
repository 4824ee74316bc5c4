"""In CI a skipped test is a failed one; a worker has its own cache and files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shop.devstack.programs import PROJECT
from shop.devstack.pytest_plugin import worker_separate

# No other plugin: they cost seconds, and pytest-django wants a project.
ALONE = {"PYTHONPATH": str(PROJECT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
SKIPS = {
    "by itself": "import pytest\ndef test_x(): pytest.skip('no reason')\n",
    "by a mark": "import pytest\n@pytest.mark.skip\ndef test_x(): pass\n",
    "expected": "import pytest\n@pytest.mark.xfail\ndef test_x(): assert False\n",
    "whole file": "import pytest\npytest.importorskip('nothing_like_it')\n"
    "def test_x(): pass\n",
}


def pytest_run(
    folder: Path, *options: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run pytest with our plugin on a folder that has no Django."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    plugins = ["-p", "shop.devstack.pytest_plugin", *options]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-q", "-c", "pytest.ini"],
        env={**os.environ, **ALONE, **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("code", SKIPS.values(), ids=SKIPS)
def test_skip_fails_in_ci(tmp_path: Path, code: str) -> None:
    (tmp_path / "test_example.py").write_text(code)
    done = pytest_run(tmp_path, CI="true")
    assert done.returncode in {1, 2}
    assert "skipped in CI" in done.stdout
    assert " skipped" not in done.stdout.splitlines()[-1]


def test_skip_is_allowed_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "test_example.py").write_text(
        SKIPS["by itself"] + "def test_y(): pass\n"
    )
    done = pytest_run(tmp_path, CI="")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("1 passed, 1 skipped in ")


def test_passing_tests_pass_in_ci(tmp_path: Path) -> None:
    (tmp_path / "test_example.py").write_text("def test_x(): pass\n")
    assert pytest_run(tmp_path, CI="true").returncode == 0


def test_group_runs_on_one_worker(tmp_path: Path) -> None:
    """Tests of a group share what a session makes, though two workers are idle."""
    (tmp_path / "test_example.py").write_text(
        "import os, pytest\n"
        "@pytest.mark.xdist_group('one')\n"
        "@pytest.mark.parametrize('n', range(4))\n"
        "def test_x(n): open(os.environ['PYTEST_XDIST_WORKER'], 'w')\n"
    )
    options = ("-p", "xdist", "-n", "2", "--dist", "loadgroup")
    done = pytest_run(tmp_path, *options, PYTEST_XDIST_WORKER="")
    assert done.stdout.splitlines()[-1].startswith("4 passed in ")
    assert len(list(tmp_path.glob("gw*"))) == 1


def test_more_workers_than_cores(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("import os\nos.cpu_count = lambda: 2\n")
    (tmp_path / "test_example.py").write_text(
        "import os\n"
        "def test_x(): assert os.environ['PYTEST_XDIST_WORKER_COUNT'] == '4'\n"
    )
    done = pytest_run(tmp_path, "-p", "xdist", "-n", "logical", PYTEST_XDIST_WORKER="")
    assert done.stdout.splitlines()[-1].startswith("1 passed in ")


def test_each_worker_has_its_own_cache_and_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VALKEY_URL", "redis://:secret@127.0.0.1:6379/0")
    monkeypatch.setenv("MEDIA_ROOT", "elsewhere")
    monkeypatch.setenv("SHOP_TEST_SERVERS", str(tmp_path))
    worker_separate("")
    assert os.environ["MEDIA_ROOT"] == "elsewhere"
    worker_separate("gw3")
    assert os.environ["VALKEY_URL"] == "redis://:secret@127.0.0.1:6379/4"
    assert os.environ["MEDIA_ROOT"] == str(tmp_path / "media-gw3")
