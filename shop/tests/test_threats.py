"""docs/threats.md: no threat without a test, and each test that it names is there."""

import re

from shop.devstack.programs import PROJECT
from shop.tests.test_docs import code, rows

PAGE = PROJECT / "docs" / "threats.md"


def test_each_threat_is_held_by_tests_that_exist() -> None:
    heading, *threats = rows(PAGE)
    assert heading[-1] == "Tests"
    assert len(threats) > 25
    missing = []
    for threat, *_, tests in threats:
        named = [name.partition("::") for name in code(tests)]
        assert named, threat
        for path, _, test in named:
            text = (PROJECT / path).read_text()
            if not re.search(rf"^def {test}\(", text, re.MULTILINE):
                missing.append((threat, path, test))
    assert missing == []
