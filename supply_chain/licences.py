"""The licence of every package, as docs/licences.md tells it."""

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata

from shop.devstack.programs import PROJECT
from supply_chain.pins import DEVELOPMENT, SERVER, pins_read

PAGE = PROJECT / "docs" / "licences.md"
_PERMISSIVE = "asks for its notice alone"
_FILES = "holds for its own files, which are installed unchanged"
# What goes with the shop's own MIT, and why.
COMPATIBLE = {
    "Apache-2.0": _PERMISSIVE,
    "BSD-2-Clause": _PERMISSIVE,
    "BSD-3-Clause": _PERMISSIVE,
    "LGPL-3.0-only": "holds for the library, which is installed unchanged and which"
    " anybody may replace; the shop imports it and keeps its own licence",
    "MIT": _PERMISSIVE,
    "MIT-0": "asks for nothing",
    "MIT-CMU": _PERMISSIVE,
    "MPL-2.0": _FILES,
    "PSF-2.0": _PERMISSIVE,
    "Unlicense": "asks for nothing",
}
# Told in words, or of an installation elsewhere: taken from their licence files.
READ = {
    "async-timeout": "Apache-2.0",
    "bleach": "Apache-2.0",
    "colorama": "BSD-3-Clause",
    "django-filter": "BSD-3-Clause",
    "django-import-export": "BSD-2-Clause",
    "django-simple-history": "BSD-3-Clause",
    "drf-spectacular-sidecar": "BSD-3-Clause",
    "grimp": "BSD-2-Clause",
    "import-linter": "BSD-2-Clause",
    "nodeenv": "BSD-3-Clause",
    "pytest-django": "BSD-3-Clause",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "segno": "BSD-3-Clause",
    "sqlparse": "BSD-3-Clause",
    "uritemplate": "BSD-3-Clause OR Apache-2.0",
    "webencodings": "BSD-3-Clause",
}
_CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
INTRODUCTION = """# Licences

The shop is under the [MIT licence](../LICENSE). This page lists the packages that it
is installed with: unchanged, each from its own place, none of them copied into this
repository. `make licences` makes it from what the packages say of themselves; a test
compares it, and refuses a licence that is not in the first table.

"""


class LicenceError(Exception):
    """A package whose licence nobody can tell."""


def licence_of(name: str) -> str:
    """Return the licence of an installed package as an SPDX expression.

    Raises: LicenceError when it is not known.
    """
    if name in READ:
        return READ[name]
    try:
        facts = metadata(name)
    except PackageNotFoundError:
        raise LicenceError(f"{name} is not installed: read it and add it") from None
    told: list[str] = [
        *facts.get_all("License-Expression", []),
        *facts.get_all("License", []),
        *(_CLASSIFIERS.get(line, "") for line in facts.get_all("Classifier", [])),
    ]
    for expression in told:
        if expression and set(parts(expression)) <= COMPATIBLE.keys():
            return expression
    raise LicenceError(f"{name} says {told}: is it compatible?")


def parts(expression: str) -> list[str]:
    """Return the licences of an SPDX expression."""
    return re.split(r" (?:AND|OR) ", re.sub(r"[()]", "", expression))


def page() -> str:
    """Return the text of docs/licences.md.

    Raises: LicenceError.
    """
    return INTRODUCTION + "".join(_tables())


def _tables() -> Iterator[str]:
    yield "| licence | what it asks of the shop |\n|---|---|\n"
    for licence, why in COMPATIBLE.items():
        yield f"| {licence} | {why} |\n"
    yield "\n| package | licence | who has it |\n|---|---|---|\n"
    server = pins_read(SERVER)
    for name in pins_read(DEVELOPMENT):
        who = "a server" if name in server else "development"
        yield f"| {name} | {licence_of(name)} | {who} |\n"
