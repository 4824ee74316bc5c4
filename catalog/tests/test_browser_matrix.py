"""The table of SKUs made from specs, in a real browser."""

from typing import Any

from catalog.tests.walk import said, spec
from shop.tests.browser import MARKS, Office

pytestmark = MARKS


def rows_go_on_as_what_they_are(office: Office) -> None:
    """Each case: the rows, the specs wanted (with their old names), and who is what."""
    red, blue = {"颜色": "红"}, {"颜色": "蓝"}
    sized = [red | {"尺码": "S"}, red | {"尺码": "M"}, blue | {"尺码": "S"}]
    both, sizes = ["颜色", "颜色", ["红", "蓝"]], ["", "尺码", ["S", "M"]]
    cases: list[Any] = [
        # A new spec: each goes on as the first of its own; no blue one becomes red.
        ([red, blue], [both, sizes], [0, None, 1, None]),
        # A spec taken away.
        (sized, [both], [0, 2]),
        # A value exchanged: its pieces do not become others.
        ([red, blue], [["颜色", "颜色", ["红", "绿"]]], [0, None]),
        # A spec renamed.
        ([red, blue], [["颜色", "款色", ["蓝", "红"]]], [1, 0]),
    ]
    for facts, groups, expected in cases:
        found = office.page.evaluate(
            """async ([rows, groups]) => {
              const specs = await import("/static/catalog/specs.js");
              const facts = rows.map((row) => ({ specs: row, isSaved: true }));
              const chosen = groups.map(
                ([was, name, values]) => ({ was, name, values }));
              const wanted = specs.combinations(chosen);
              const found = specs.matched(facts, wanted, chosen);
              return found.map((row) => row ?? null);
            }""",
            [facts, groups],
        )
        assert found == expected


def a_removed_row_leaves_what_was_typed_in_the_others(office: Office) -> None:
    spec(office, 0, "红", "蓝", "白", name="颜色")
    office.page.click("[data-generate]")
    office.fill(**{"skus-1-price": "2", "skus-2-price": "3"})
    office.page.locator("tbody:has([name='skus-1-price']) .delete-template").click()
    assert office.page.input_value("[name='skus-1-specs']") == "颜色:白"
    assert office.page.input_value("[name='skus-1-price']") == "3"
    assert office.page.input_value("[name='skus-TOTAL_FORMS']") == "2"


def too_many_combinations_are_refused(office: Office) -> None:
    office.page.click("[data-add]")
    spec(office, 1, ",".join(str(value) for value in range(67)), name="尺码")
    office.page.click("[data-generate]")
    assert said(office) == "规格组合共201种,最多200个SKU,请减少规格值"
    assert office.page.input_value("[name='skus-TOTAL_FORMS']") == "2"


def test_the_table_of_skus_follows_its_specs(office: Office) -> None:
    office.open("catalog/product/add/")
    rows_go_on_as_what_they_are(office)
    a_removed_row_leaves_what_was_typed_in_the_others(office)
    too_many_combinations_are_refused(office)
