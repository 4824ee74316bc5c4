"""The page is what the kept findings say, and they are what the tests have found."""

from pathlib import Path

import pytest

from torture.document import HEAD, NOTES, PAGE, PLACE, page_make, table_make
from torture.findings import (
    RESULTS,
    findings_forget,
    findings_keep,
    findings_read,
    findings_record,
)


def test_the_page_is_up_to_date() -> None:
    assert page_make(NOTES.read_text(), RESULTS) == PAGE.read_text()


def test_every_table_that_is_kept_has_its_place() -> None:
    places = PLACE.findall(NOTES.read_text())
    assert sorted(places) == sorted(findings_read(RESULTS))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the findings of these tests go; made by the first of them."""
    path = tmp_path / "findings"
    monkeypatch.setenv("TORTURE_RESULTS", str(path))
    return path


def test_a_table_is_what_was_recorded_last(folder: Path) -> None:
    findings_record("kills", rows=[{"part": "web", "times": 1}])
    findings_record("kills", rows=[{"part": "web | worker", "times": 21_000}])
    findings_record("waits", rows=[{"part": "valkey", "seconds": 0.125}])
    tables = findings_read(folder)
    assert [table_make(rows) for rows in tables.values()] == [
        "| part | times |\n| --- | ---: |\n| web \\| worker | 21,000 |",
        "| part | seconds |\n| --- | ---: |\n| valkey | 0.12 |",
    ]
    findings_forget()
    assert findings_read(folder) == {}


def test_parts_make_one_table(folder: Path) -> None:
    for part in ("staff", "shopper"):
        findings_record("requests", rows=[{"caller": part}], part=part)
    found = findings_read(folder)
    assert found == {"requests": [{"caller": "shopper"}, {"caller": "staff"}]}


@pytest.mark.usefixtures("folder")
def test_what_is_kept_replaces_the_table_whole(tmp_path: Path) -> None:
    results = tmp_path / "results"
    results.mkdir()
    for old in ("requests.admin.json", "kills.json"):
        (results / old).write_text('[{"old": 1}]')
    findings_record("requests", rows=[{"new": 1}], part="shopper")
    findings_keep(results)
    assert findings_read(results) == {"kills": [{"old": 1}], "requests": [{"new": 1}]}


def test_a_table_stands_where_the_notes_say(folder: Path) -> None:
    findings_record("kills", rows=[{"part": "web"}])
    notes = "# Faults\n\n{{kills}}\n\nNone of {{kills}} is lost.\n"
    assert page_make(notes, folder) == (
        f"{HEAD}\n# Faults\n\n| part |\n| --- |\n| web |\n\n"
        "None of {{kills}} is lost.\n"
    )
    with pytest.raises(KeyError, match="waits"):
        page_make("{{waits}}\n", folder)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("Kills", [{"part": "web"}]),
        ("../kills", [{"part": "web"}]),
        ("kills", []),
        ("kills", [{"part": "web"}, {"times": 1}]),
    ],
)
def test_what_makes_no_table_is_refused(name: str, rows: list[dict[str, str]]) -> None:
    with pytest.raises(ValueError, match=name):
        findings_record(name, rows=rows)
