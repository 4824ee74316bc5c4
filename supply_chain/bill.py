"""The bill of materials of what a server installs: CycloneDX 1.6, as JSON.

Source: https://cyclonedx.org/docs/1.6/json/
"""

import uuid
from collections.abc import Iterable
from typing import Any

from supply_chain.licences import licence_of
from supply_chain.pins import OURSELVES, SERVER, Pin, pins_read

SHOP = "shop"


def bill_make(version: str) -> dict[str, Any]:
    """Return the bill of a version of the shop; the same pins make the same one.

    Raises: LicenceError.
    """
    pins = pins_read(SERVER)
    lines = [f"{SHOP}@{version}", *(pin.url for pin in pins.values())]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, "\n".join(lines)).urn,
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": SHOP,
                "name": SHOP,
                "version": version,
                "licenses": [{"expression": "MIT"}],
            }
        },
        "components": [_component(pin) for pin in pins.values()],
        "dependencies": [
            _dependency(SHOP, OURSELVES, pins.values()),
            *(_dependency(pin.url, pin.name, pins.values()) for pin in pins.values()),
        ],
    }


def _component(pin: Pin) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": pin.url,
        "name": pin.name,
        "version": pin.version,
        "purl": pin.url,
        "licenses": [{"expression": licence_of(pin.name)}],
        # One hash for each file: pip takes the one of its system.
        "externalReferences": [
            {
                "type": "distribution",
                "url": f"https://pypi.org/project/{pin.name}/{pin.version}/",
                "hashes": [{"alg": "SHA-256", "content": one} for one in pin.hashes],
            }
        ],
    }


def _dependency(ref: str, name: str, pins: Iterable[Pin]) -> dict[str, Any]:
    wanted = [pin.url for pin in pins if name in pin.wanted_by]
    return {"ref": ref, "dependsOn": wanted}
