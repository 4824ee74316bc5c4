"""No value that a form of the back office sends is a fault of the shop."""

from collections import Counter
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

from accounts.models import User
from catalog.models import Product
from shop.tests.admin_world import World
from shop.tests.clerks import browser
from shop.tests.long.matrices.walking import undone
from shop.tests.long.test_admin_forms import forms
from torture.findings import findings_record

# No number, no id, one that no column holds, or that Python does not even read; no
# moment, no choice.
VALUES = ("x\r\ny: z", "9" * 30, "9" * 5000, "-1", "\0", "NaN", "²")
SHARES = 4


@pytest.mark.timeout(900)
@pytest.mark.parametrize("share", range(SHARES))
def test_no_value_is_a_fault(
    staff: User, product_make: Callable[..., Product], share: int
) -> None:
    User.objects.create_user("clerk", "a-long-password-9")
    world, boss = World(1, 1, product_make), browser(staff)
    deeds = [*forms(boss, world)][share::SHARES]
    boss.raise_request_exception = False
    answers = Counter[int]()
    faults = []
    for deed in deeds:
        for field, value in product(deed.body, VALUES):
            body = deed.body | {field: value}

            def act(url: str = deed.url, body: dict[str, Any] = body) -> int:
                return boss.post(url, body).status_code

            status = undone(act)
            answers[status] += 1
            if status >= 500:
                faults.append((deed.name, field, value))
    row = {
        "share": f"{share + 1} of {SHARES}",
        "forms": sum(bool(deed.body) for deed in deeds),
        "requests": answers.total(),
        "shown again": answers[200],
        "taken": answers[302],
        "5xx": len(faults),
    }
    findings_record("values_of_forms", rows=[row], part=str(share))
    assert faults == []
    assert answers[200] > 100
