"""Requests made from the schema, good ones and bad ones, by schemathesis.

No answer may be a 5xx, or of a status, type or shape that the schema does not know.
The same requests are made at each run.
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from orders.models import Refund
from shop.devstack.programs import PROJECT
from shop.tests.long.attacked import ROW_OF_FIELD, ROW_OF_PATH, Attacked, hundreds
from shop.tests.routes import CONTRACT
from torture.findings import findings_record

CONFIG = PROJECT / "shop" / "tests" / "long" / "schemathesis.toml"
# How often a row that exists is asked for, and not just any.
AIMED = 0.7
# How many requests to a route are made at random, beside those at its limits.
EXAMPLES = {"shopper": 60, "staff": 100, "nobody": 5}
# What is made at the least; of the two who are logged in, ten thousand together.
CASES = {"shopper": 7_000, "staff": 3_000, "nobody": 2_500}
# Staff are refused all others, whatever is sent (test_roles).
NOT_OF_STAFF = {"own", "shopper"}


def bindings(rows: dict[str, str]) -> list[str]:
    """Say which parameters are filled with ids of which rows."""
    return [
        f'"{parameter}" = {{ dictionary = "{row}", probability = {AIMED} }}'
        for parameter, row in rows.items()
    ]


def config_make(rows: dict[str, list[str]]) -> str:
    """Return the configuration, with the ids of rows that exist."""
    lines = [CONFIG.read_text()]
    for name, keys in rows.items():
        # Ids are texts in a path and numbers everywhere else.
        numbers = [int(key) for key in keys if key.isdigit()]
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(numbers or keys)}"]
        lines += [f"[dictionaries.{name}_text]", f"values = {json.dumps(keys)}"]
    fields = {
        f"{place}{field}": row
        for place in ("query.", "body.", "body.items[*].")
        for field, row in ROW_OF_FIELD.items()
    }
    lines += ["[parameters]", *bindings(fields)]
    for path, row in ROW_OF_PATH.items():
        names = (f"path.{name}" for name in ("id", "orderNo", "productId", "refundNo"))
        filled = ", ".join(bindings(dict.fromkeys(names, f"{row}_text")))
        lines += ["[[operations]]", f'include-path-regex = "^{path}"']
        lines += [f"parameters = {{ {filled} }}"]
    return "\n".join(lines)


def routes_of(caller: str) -> list[str]:
    return [
        route
        for route, (who, _) in CONTRACT.items()
        if caller != "staff" or who not in NOT_OF_STAFF
    ]


def schemathesis_run(
    attacked: Attacked, schema: dict[str, Any], caller: str, folder: Path
) -> tuple[dict[str, Any], Counter[int]]:
    """Make the requests; return the report, and how often each status was answered."""
    (folder / "schema.json").write_text(json.dumps(schema))
    (folder / "config.toml").write_text(config_make(attacked.rows))
    token = attacked.tokens.get(caller)
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file"),
        *("config.toml", "run", "schema.json", f"--url={attacked.url}"),
        *("--phases=coverage,fuzzing,stateful", "--no-color"),
        *("--warnings=off", "--report=json,har", "--report-dir=."),
        *("--report-json-path=report.json", "--report-har-path=answers.json"),
        f"--max-examples={EXAMPLES[caller]}",
        *(f"--include-name={route}" for route in routes_of(caller)),
        *([f"--header=Authorization: Bearer {token}"] if token else []),
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    answers = json.loads((folder / "answers.json").read_text())["log"]["entries"]
    statuses = Counter(int(entry["response"]["status"]) for entry in answers)
    return json.loads((folder / "report.json").read_text()), statuses


def findings(
    caller: str, report: dict[str, Any], statuses: Counter[int]
) -> dict[str, str | int]:
    return {
        "caller": caller,
        "routes": report["operations"]["tested"],
        "cases": report["test_cases"]["generated"],
        "answers": statuses.total(),
        **hundreds(statuses),
        "unknown answers": len(report["failures"]),
    }


@pytest.mark.timeout(600)
@pytest.mark.parametrize("caller", list(EXAMPLES))
def test_no_request_surprises(
    attacked: Attacked, schema: dict[str, Any], caller: str, tmp_path: Path
) -> None:
    report, statuses = schemathesis_run(attacked, schema, caller, tmp_path)
    assert report["complete"]
    assert (report["failures"], report["errors"]) == ([], [])
    assert report["operations"]["tested"] == len(routes_of(caller))
    assert report["test_cases"]["generated"] >= CASES[caller]
    assert {status for status in statuses if not 200 <= status < 500} == set()
    # Good and bad requests were among them.
    if caller in attacked.tokens:
        assert statuses[200] + statuses[201] > 500
        assert statuses[400] > 500
    if caller == "shopper":
        assert Refund.objects.count() > 1
    rows = [findings(caller, report, statuses)]
    findings_record("requests_of_the_schema", rows=rows, part=caller)
