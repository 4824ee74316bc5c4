"""The documentation says what the code does: compared name by name, and run."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from procrastinate.contrib.django import app
from prometheus_client.metrics import MetricWrapperBase

import accounts
import catalog
import orders
import shop
from shop.api.exceptions import _FRAMEWORK
from shop.configuration import MEANINGS
from shop.devstack.programs import PROJECT
from shop.errors import ShopError
from shop.metrics_view import PartsCollector

DOCS = PROJECT / "docs"
APPS = ("accounts", "catalog", "orders", "shop", "deploy", "torture")
READMES = ("README.md", "README.zh-CN.md")
PAGES = [*(PROJECT / name for name in READMES), *DOCS.rglob("*.md")]


def rows(page: Path, heading: str = "") -> Iterator[list[str]]:
    """Yield the cells of each table row, below a heading if one is given."""
    text = page.read_text()
    if heading:
        text = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and not cells[0].startswith("---"):
            yield cells


def code(cell: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


# --- errors.md ---------------------------------------------------------------------


def error_classes() -> list[type[ShopError]]:
    for package in (shop, accounts, catalog, orders):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            parts = module.name.split(".")
            if not {"tests", "migrations", "devstack", "wsgi"} & set(parts):
                importlib.import_module(module.name)
    found = [ShopError]
    for one in found:
        found += one.__subclasses__()
    return found


def errors_of_the_code() -> dict[tuple[str, int], set[str]]:
    """Return the messages by slug and status; one given by each raiser is left out."""
    found: dict[tuple[str, int], set[str]] = {}
    for status, (slug, message) in _FRAMEWORK.items():
        found.setdefault((slug, status), set()).add(message)
    for one in error_classes():
        messages = found.setdefault((one.code, one.http_status), set())
        if one is ShopError or one.message != ShopError.message:
            messages.add(one.message)
    return found


def test_every_error_is_listed_with_its_status_and_messages() -> None:
    listed = {
        (code(slug)[0], int(status)): set(code(message))
        for slug, status, message, *_ in rows(DOCS / "errors.md")
        if slug != "slug"
    }
    assert listed == errors_of_the_code()


# --- dependencies.md ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "heading"),
    [
        ("requirements.in", "requirements.in: what a server installs"),
        ("requirements-dev.in", "requirements-dev.in: development and tests"),
    ],
)
def test_every_direct_requirement_has_its_reason(file: str, heading: str) -> None:
    direct = (PROJECT / file).read_text().splitlines()
    names = [line.partition("==")[0] for line in direct if line[0] not in "#-"]
    listed = list(rows(DOCS / "dependencies.md", heading))[1:]
    assert [name for name, *_ in listed] == names
    assert all(reason for _, reason, _ in listed)


# --- configuration.md --------------------------------------------------------------


def names_read(path: Path, prefix: str = "") -> dict[str, str | None]:
    """Return the names that a file reads, and each default that is written there.

    None stands for a default that is computed.
    """
    found: dict[str, str | None] = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = ast.unparse(node.func)
        first = node.args[0]
        if READER.fullmatch(name) and isinstance(first, ast.Constant):
            own_prefix = "" if name == "os.environ.get" else prefix
            found[own_prefix + first.value] = default_of(name, node)
    return found


# shop.environment's functions, gunicorn.conf.py's own, and the plain way.
READER = re.compile(r"env\.\w+|_text|_number|os\.environ\.get")


def default_of(name: str, node: ast.Call) -> str | None:
    keywords = [word.value for word in node.keywords if word.arg == "default"]
    values = [*node.args[1:], *keywords]
    if not values:
        return "0" if name == "env.flag" else "*required*"
    if not isinstance(values[0], ast.Constant):
        return None
    value = values[0].value
    text = str(int(value)) if isinstance(value, bool) else str(value)
    return text or "*none*"


def listed_settings(heading: str) -> dict[str, str]:
    return {
        code(name)[0]: (code(default) or [default])[0]
        for name, default, _ in list(rows(DOCS / "configuration.md", heading))[1:]
    }


def test_the_table_of_settings_is_up_to_date() -> None:
    call_command("settings_doc", "--check")
    # Read in another way: what the code reads, and what it means.
    limits = {f"RATELIMIT_{scope.upper()}" for scope in settings.RATELIMITS}
    read = names_read(PROJECT / "shop" / "settings.py").keys() | limits
    assert listed_settings("The shop").keys() == MEANINGS.keys() == read


def test_a_table_that_is_not_is_told_and_mended(tmp_path: Path, settings: Any) -> None:
    settings.BASE_DIR = tmp_path
    page = tmp_path / "docs" / "configuration.md"
    page.parent.mkdir()
    good = (DOCS / "configuration.md").read_text()
    page.write_text(good.replace("| `LOG_LEVEL` | `INFO` |", "| `LOG_LEVEL` | `X` |"))
    with pytest.raises(CommandError, match="run manage.py settings_doc"):
        call_command("settings_doc", "--check")
    assert page.read_text() != good
    call_command("settings_doc")
    assert page.read_text() == good


def test_every_setting_of_the_web_server_is_listed_with_its_default() -> None:
    listed = listed_settings("The web server")
    read = names_read(PROJECT / "deploy" / "gunicorn.conf.py", "GUNICORN_")
    assert listed.keys() == read.keys()
    written = {name: default for name, default in read.items() if default}
    written.pop("GUNICORN_WORKER_TMP_DIR")  # its empty default stands for another
    # An empty default stands for another one that is computed.
    written.pop("WEB_CONCURRENCY", None)
    written.pop("PROMETHEUS_MULTIPROC_DIR", None)
    assert {name: listed[name] for name in written} == written


def test_every_variable_of_make_run_is_listed() -> None:
    source = (PROJECT / "shop" / "devstack" / "__main__.py").read_text()
    read = re.findall(r'environ\.get\("(\w+)"|port_number\(environ, "(\w+)"', source)
    names = {name for pair in read for name in pair if name}
    assert listed_settings("make run").keys() == names


# --- architecture.md ---------------------------------------------------------------


def test_every_periodic_job_is_listed() -> None:
    page = DOCS / "architecture.md"
    listed = [code(job)[0] for job, *_ in list(rows(page, "Work by the clock"))[1:]]
    tasks = app.periodic_registry.periodic_tasks.values()
    assert sorted(listed) == sorted(periodic.task.name for periodic in tasks)


# --- metrics.md --------------------------------------------------------------------


@pytest.mark.usefixtures("db")
def test_every_metric_is_listed_with_its_labels() -> None:
    listed = {
        code(name)[0].removesuffix("_total"): set(labels.split(", ")) - {""}
        for name, labels, *_ in list(rows(DOCS / "metrics.md"))[1:]
    }
    declared = {
        metric._name: set(metric._labelnames)
        for metric in vars(shop.metrics).values()
        if isinstance(metric, MetricWrapperBase)
    }
    asked = {
        family.name: set(family._labelnames) for family in PartsCollector().collect()
    }
    assert listed == declared | asked


# --- links and names ---------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_files_and_tests_that_are_named_exist(page: Path) -> None:
    """Every `path/file.py`, `path/file.py::test` and `test_…` of the page."""
    text = page.read_text()
    paths = set(re.findall(r"`(\w[\w./-]*/[\w.-]+\.(?:py|md|txt))(?:::\w+)?`", text))
    assert [path for path in paths if not (PROJECT / path).exists()] == []
    tests = set(re.findall(r"\b(test_\w+)\b(?!\.py)", text))
    defined = set(
        re.findall(
            r"^def (test_\w+)",
            "\n".join(
                file.read_text()
                for app in APPS
                for file in (PROJECT / app).rglob("test_*.py")
            ),
            re.MULTILINE,
        )
    )
    assert tests - defined == set()
