"""The bill of materials: of the form, whole, and the same each time."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from supply_chain.bill import bill_make
from supply_chain.pins import SERVER, pins_read

SCHEMAS = Path(__file__).parent / "cyclonedx"


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    return bill_make("1.2.3")


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    schemas = {
        path.name: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")
    }
    registry: Registry[Any] = Registry().with_resources(
        (f"http://cyclonedx.org/schema/{name}", Resource(schema, DRAFT7))
        for name, schema in schemas.items()
    )
    return Draft7Validator(schemas["bom-1.6.schema.json"], registry=registry)


def test_it_is_of_the_form(bill: dict[str, Any], validator: Draft7Validator) -> None:
    assert list(validator.iter_errors(bill)) == []
    broken = {**bill, "components": [{**bill["components"][0], "type": "thing"}]}
    assert [error.validator for error in validator.iter_errors(broken)] == ["enum"]


def test_it_names_every_package_of_a_server_with_its_files(
    bill: dict[str, Any],
) -> None:
    pins = pins_read(SERVER)
    assert bill["metadata"]["component"]["version"] == "1.2.3"
    assert [one["purl"] for one in bill["components"]] == [
        pin.url for pin in pins.values()
    ]
    [django] = [one for one in bill["components"] if one["name"] == "django"]
    assert django["licenses"] == [{"expression": "BSD-3-Clause"}]
    [files] = django["externalReferences"]
    assert [one["content"] for one in files["hashes"]] == list(pins["django"].hashes)


def test_it_tells_who_asks_for_what(bill: dict[str, Any]) -> None:
    asked = {one["ref"]: one["dependsOn"] for one in bill["dependencies"]}
    pins = pins_read(SERVER)
    assert pins["django"].url in asked["shop"]
    assert pins["sqlparse"].url not in asked["shop"]
    assert pins["sqlparse"].url in asked[pins["django"].url]
    assert asked[pins["sqlparse"].url] == []


def test_the_same_pins_make_the_same_bill(bill: dict[str, Any]) -> None:
    assert bill_make("1.2.3") == bill
    assert bill_make("1.2.4")["serialNumber"] != bill["serialNumber"]
