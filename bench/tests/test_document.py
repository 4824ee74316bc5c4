"""The page is what the kept figures say, and says what they are."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from bench.document import PAGE, PICTURE, page_make, picture_make
from bench.figures import Figure, median

MACHINE = {"processor": "Abacus", "cores": "2"}


def test_the_page_and_its_picture_are_up_to_date() -> None:
    assert page_make() == PAGE.read_text()
    assert picture_make() == PICTURE.read_text()


def test_medians_are_those_of_the_rounds() -> None:
    rounds = [
        Figure(10, 30.0, 1.0, 9.0, 0, {"shop": 1.0}),
        Figure(20, 10.0, 3.0, 7.0, 2, {"shop": 3.0}),
        Figure(30, 20.0, 2.0, 8.0, 1, {"shop": 2.0}),
    ]
    assert median(rounds) == Figure(60, 20.0, 2.0, 8.0, 3, {"shop": 2.0})


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """The figures of a run in which one goal is met and two are not."""
    rounds = {
        "shop": [asdict(Figure(900, 300.0, 2.0, 8.0, 0, {"shop": 1.5, "load": 0.5}))],
        "plain Django": [asdict(Figure(90, 30.0, 20.0, 40.0, 1, {"plain": 15.0}))],
    }
    case = {
        "title": "a list",
        "p99_times": 4,
        "goals": [
            {"who": "shop", "of": "plain Django", "times": times}
            for times in (10, 10.5)
        ],
        "rounds": rounds,
    }
    fresh = dict.fromkeys(("product_median", "product_longest"), 0.25)
    fresh |= dict.fromkeys(("list_median", "list_longest"), 0.5)
    facts = {
        "machine": MACHINE,
        "scale": {"products": 5, "orders": 6, "rounds": 1, "seconds": 3},
        "answers": 7,
        "cases": {"E1": case},
        "freshness": {"edits": 8, **fresh},
        "start_seconds": 1.25,
        "megabytes": {"shop": [70.5, 71.5]},
        "books": {"orders": 9, "pieces": 10, "findings": 0},
        "seconds": 120,
    }
    (tmp_path / "full.json").write_text(json.dumps(facts))
    return tmp_path


def test_goals_are_called_met_only_when_they_are(results: Path) -> None:
    lines = page_make(results).splitlines()
    assert [line for line in lines if line.startswith("| E1: a list |")] == [
        "| E1: a list | shop ≥ 10 × plain Django | 10 × | yes |",
        "| E1: a list | shop ≥ 10.5 × plain Django | 10 × | **no** |",
        "| E1: a list | shop: p99 under 4 × p50 | 4 × | **no** |",
    ]


def test_what_is_no_rate_has_its_goals_too(results: Path) -> None:
    lines = page_make(results).splitlines()
    for told in (
        "| all cases | no request refused or broken | 1 | **no** |",
        "| edit by staff, behind nginx | seen within 1 s | 0.50 s | yes |",
        "| memory | each worker under 150 MB | 72 MB | yes |",
        "| start | answers within 2 s | 1.2 s | yes |",
    ):
        assert told in lines


def test_figures_and_errors_are_told(results: Path) -> None:
    page = page_make(results)
    cpu = "gunicorn 1.5, wrk or pgbench 0.5"
    assert f"| E1: shop | 300 | 2.00 | 8.00 | 0 | {cpu} |" in page
    assert "| E1: plain Django | 30 | 20.00 | 40.00 | 1 | gunicorn 15 |" in page


def test_the_picture_has_a_bar_for_each_contender(results: Path) -> None:
    picture = picture_make(results)
    assert picture.count("<rect") == 4 + 2
    assert ">300</text>" in picture
    assert ">30</text>" in picture
