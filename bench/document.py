"""docs/performance.md and its picture, made of the figures of the last runs."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.cases import SHOP
from bench.figures import Figure, figure_read, median
from bench.plot import COLOURS, plot_make
from shop.devstack.programs import PROJECT

RESULTS = PROJECT / "bench" / "results"
INTRODUCTION = PROJECT / "bench" / "introduction.md"
NOTES = PROJECT / "bench" / "notes.md"
PAGE = PROJECT / "docs" / "performance.md"
PICTURE = PROJECT / "docs" / "images" / "performance.svg"
GROWTH = (
    "A rate of 0.769 × is 1.3 times the time, and one of 0.333 × three times. Nothing"
    " is vacuumed meanwhile. Both begin with catalogue and indexes in memory."
)
# What a program is called in the table.
_PROGRAMS = {
    **dict.fromkeys(("shop", "plain", "limits"), "gunicorn"),
    **dict.fromkeys(("shop small", "shop large"), "gunicorn"),
    "load": "wrk or pgbench",
}
# A program that used less than that share of the CPU stays out of the table.
_SHARE_MIN = 0.02

Facts = Mapping[str, Any]
Medians = Mapping[str, Figure]


def document_write(results: Path = RESULTS) -> None:
    """Write the page and the picture."""
    PAGE.write_text(page_make(results))
    PICTURE.write_text(picture_make(results))


def page_make(results: Path = RESULTS) -> str:
    """Return the page, in Markdown."""
    full, growth = _read(results / "full.json"), _read(results / "growth.json")
    parts = [
        INTRODUCTION.read_text(),
        _machine(full),
        _goals("The goals", full, _other_goals(full)),
        "![Requests per second of each case](images/performance.svg)",
        _beside(full),
        _figures("The figures", full),
        _goals("Growth", growth),
        f"{GROWTH}\n\n{_machine(growth)}" if growth else "",
        _figures("The figures of growth", growth),
        _memory(_read(results / "memory.json").get("seen", [])),
        NOTES.read_text(),
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def picture_make(results: Path = RESULTS) -> str:
    """Return the picture, an SVG."""
    cases = _read(results / "full.json")["cases"]
    return plot_make(
        {f"{name}: {case['title']}": _bars(case) for name, case in cases.items()}
    )


def _bars(case: Facts) -> dict[str, float]:
    """Return the rates of a case; behind a comma stands more of the same contender."""
    bars: dict[str, float] = {}
    for who, figure in medians_of(case).items():
        name = who.partition(",")[0]
        if name in COLOURS:
            bars.setdefault(name, figure.per_second)
    return bars


def _read(path: Path) -> dict[str, Any]:
    """Return the figures of a run; none before the first one."""
    if not path.exists():
        return {}
    facts: dict[str, Any] = json.loads(path.read_text())
    return facts


def medians_of(case: Facts) -> dict[str, Figure]:
    """Return the medians of each contender's rounds."""
    return {
        who: median([figure_read(one) for one in rounds])
        for who, rounds in case["rounds"].items()
    }


def _table(*rows: tuple[str, ...]) -> str:
    head, *body = rows
    lines = [head, tuple("---" for _ in head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _machine(run: Facts) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in run["machine"].items())
    scale = run["scale"]
    return (
        f"Machine and versions: {facts}. Loaded: {scale['products']:,} products and"
        f" {scale['orders']:,} orders. Rounds: {scale['rounds']} of"
        f" {scale['seconds']} s each; the whole run took {run['seconds'] / 60:.0f}"
        " minutes."
    )


# --- Goals ----------------------------------------------------------------------------


def _goals(heading: str, facts: Facts, others: Iterable[tuple[str, ...]] = ()) -> str:
    if not facts:
        return ""
    rows = [
        row for name, case in facts["cases"].items() for row in _reached(name, case)
    ]
    head = ("case", "goal", "reached", "met")
    return f"## {heading}\n\n{_table(head, *rows, *others)}"


def _reached(name: str, case: Facts) -> Iterator[tuple[str, ...]]:
    """Yield a row for each goal of a case."""
    title = f"{name}: {case['title']}"
    medians = medians_of(case)
    for goal in case["goals"]:
        who, of, times = goal["who"], goal["of"], goal["times"]
        ratio = medians[who].per_second / medians[of].per_second
        yield (
            title,
            f"{who} ≥ {_short(times)} × {of}",
            f"{_short(ratio)} ×",
            _yes(ratio >= times),
        )
    if case["p99_times"] is not None:
        shop = medians[SHOP]
        ratio = (shop.p99 or 0) / (shop.p50 or 1)
        wanted = f"shop: p99 under {_short(case['p99_times'])} × p50"
        yield title, wanted, f"{_short(ratio)} ×", _yes(ratio < case["p99_times"])


def _yes(is_met: bool) -> str:
    return "yes" if is_met else "**no**"


def _short(number: float) -> str:
    """Return three digits at most, where there is something behind the point."""
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


# --- Figures --------------------------------------------------------------------------


def _beside(full: Facts) -> str:
    """Tell what is no rate."""
    fresh, books = full["freshness"], full["books"]
    return "\n".join(
        [
            f"- {fresh['edits']} edits by staff, while wrk asked through nginx, were"
            f" seen on the product's page after {fresh['product_median']:.2f} s"
            f" (median), at most {fresh['product_longest']:.2f} s, in the list after"
            f" {fresh['list_median']:.2f} s, at most {fresh['list_longest']:.2f} s.",
            f"- Memory (PSS) of each worker after the run: {_sizes(full)}.",
            f"- Answers compared before the run: {full['answers']}, all the same."
            f" Afterwards {books['orders']:,} new orders of {books['pieces']:,} pieces"
            " agreed with the stock and with what had been answered, and"
            f" `orders_audit` had {books['findings']} findings.",
        ]
    )


def _sizes(full: Facts) -> str:
    return "; ".join(
        f"{name} {' and '.join(f'{size:.0f}' for size in sizes)} MB"
        for name, sizes in full["megabytes"].items()
    )


def _other_goals(full: Facts) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the goals that are no rates."""
    rounds = [case["rounds"].values() for case in full["cases"].values()]
    errors = sum(one["errors"] for who in rounds for all_ in who for one in all_)
    yield "all cases", "no request refused or broken", str(errors), _yes(not errors)
    fresh = full["freshness"]
    seconds = max(fresh["product_longest"], fresh["list_longest"])
    edit = "edit by staff, behind nginx"
    yield edit, "seen within 1 s", f"{seconds:.2f} s", _yes(seconds <= 1)
    size = max(full["megabytes"]["shop"])
    yield "memory", "each worker under 150 MB", f"{size:.0f} MB", _yes(size < 150)
    start = full["start_seconds"]
    yield "start", "answers within 2 s", f"{start:.1f} s", _yes(start < 2)


def _memory(seen: Sequence[Facts]) -> str:
    """Tell how the workers grew; at first each kind of request is new to them."""
    if not seen:
        return ""
    rows = [
        (f"{one['requests']:,}", *(f"{size:.0f}" for size in one["megabytes"]))
        for one in (*seen[: -1 : max(1, len(seen) // 10)], seen[-1])
    ]
    head = ("requests", *(f"worker {place}, MB" for place in range(1, len(rows[0]))))
    text = "PSS of each worker of the shop; lists, products, profiles, orders in turn."
    return f"## Memory over a million requests\n\n{text}\n\n{_table(head, *rows)}"


def _figures(heading: str, facts: Facts) -> str:
    if not facts:
        return ""
    rows = [
        _figure_row(f"{name}: {who}", figure)
        for name, case in facts["cases"].items()
        for who, figure in medians_of(case).items()
    ]
    head = ("case", "requests/s", "p50 ms", "p99 ms", "errors", "CPU ms a request")
    text = "Medians of the rounds; errors of all of them."
    return f"## {heading}\n\n{text}\n\n{_table(head, *rows)}"


def _figure_row(name: str, figure: Figure) -> tuple[str, ...]:
    return (
        name,
        f"{figure.per_second:,.0f}",
        "" if figure.p50 is None else f"{figure.p50:.2f}",
        "" if figure.p99 is None else f"{figure.p99:.2f}",
        str(figure.errors),
        _cpu(figure),
    )


def _cpu(figure: Figure) -> str:
    used: dict[str, float] = {}
    for program, spent in figure.cpu.items():
        name = _PROGRAMS.get(program, program)
        used[name] = used.get(name, 0) + spent
    least = sum(used.values()) * _SHARE_MIN
    return ", ".join(
        f"{name} {_short(spent)}" for name, spent in used.items() if spent >= least
    )
