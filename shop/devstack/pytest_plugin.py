"""pytest: servers of its own before the settings load; no skipped test in CI."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from _pytest.nodeid import NodeId

from shop.devstack import throwaway


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config,
) -> Generator[None, None, None]:
    """Start the servers once, in the process that the user started.

    A wrapper comes before all plain hooks, and so before pytest-django's, which
    loads the settings.
    """
    if throwaway.MARKER not in os.environ:
        early_config.add_cleanup(throwaway.servers_stop)
        throwaway.environment_apply(throwaway.servers_start())
    worker_separate(os.environ.get("PYTEST_XDIST_WORKER", ""))
    return (yield)


def worker_separate(worker: str) -> None:
    """Give a worker of pytest-xdist (gw0, gw1, …) its own cache and files.

    Its own database is made by pytest-django.
    """
    if number := worker.removeprefix("gw"):
        base = os.environ["VALKEY_URL"].rpartition("/")[0]
        os.environ["VALKEY_URL"] = f"{base}/{int(number) + 1}"
        media = Path(os.environ[throwaway.MARKER]) / f"media-{worker}"
        os.environ["MEDIA_ROOT"] = str(media)


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run twice as many workers as there are cores: tests often wait."""
    return 2 * (os.cpu_count() or 1)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let groups hold: a worker of pytest-xdist writes them where pytest reads no more.

    Source: pytest-dev/pytest-xdist#1386; goes when that is mended.
    """
    for item in items:
        if grouped := vars(item).get("_nodeid"):
            item._id = NodeId.parse(grouped)


def skips_fail() -> bool:
    """Say whether a skipped test is a failure: in CI everything must run."""
    return bool(os.environ.get("CI"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[
    None, pytest.TestReport, pytest.TestReport
]:
    """Turn a skipped (or expectedly failing) test into a failure in CI."""
    report = yield
    if report.skipped and skips_fail():
        skip_to_failure(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[
    None, pytest.CollectReport, pytest.CollectReport
]:
    """Turn a file that skips itself into a failure in CI."""
    report = yield
    if report.skipped and skips_fail():
        skip_to_failure(report)
    return report


def skip_to_failure(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Make the report one of a failure that tells why."""
    report.outcome = "failed"
    report.longrepr = f"skipped in CI: {report.longrepr}"
    # pytest counts no report that has it as a failure.
    if hasattr(report, "wasxfail"):
        del report.wasxfail
