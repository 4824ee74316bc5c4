"""The running shop: where it is, who works there, what is for sale."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from shop.devstack.environment import address
from torture.faults.journal import Deed, Journal
from torture.faults.line import Line

# Few enough that some are sold out in the end; and enough for the probe.
PIECES, PIECES_OF_PROBE = 250, 10_000
PRICES = ("0.01", "9.90", "19.99", "128.00", "3.33")


@dataclass(frozen=True, slots=True)
class Place:
    """A stack that runs: its process, its ports, its data; `products` by their ids."""

    pid: int
    port: int
    simulator_port: int
    folder: Path
    products: Sequence[int] = ()

    @property
    def shop(self) -> str:
        """Where the shop answers."""
        return address(self.port)

    @property
    def wechat(self) -> str:
        """Where the simulator answers."""
        return address(self.simulator_port)

    @property
    def staff(self) -> tuple[str, str]:
        """Name and password."""
        name, password = (self.folder / "staff.txt").read_text().split()
        return name, password

    def database(self) -> psycopg.Connection:
        """Connect to the shop's database."""
        settings = json.loads((self.folder / "run.json").read_text())["settings"]
        return psycopg.connect(settings["DATABASE_URL"], autocommit=True)


def products_stock(place: Place, journal: Journal, line: Line) -> list[int]:
    """Put products on sale through the API; the last one is the probe's own.

    Raises: GaveUp.
    """
    name, password = place.staff
    body: dict[str, Any] = {"username": name, "password": password}
    login = line.call("POST", f"{place.shop}/api/auth/staff/login", json=body)
    line.http.headers["Authorization"] = f"Bearer {login.data['token']}"
    goods = [*((price, PIECES) for price in PRICES), ("1.00", PIECES_OF_PROBE)]
    products = []
    for number, (price, pieces) in enumerate(goods, 1):
        body = {"name": f"耐用茶{number}号", "price": price, "stock": pieces}
        product = line.call("POST", f"{place.shop}/api/products", json=body).data
        [sku] = product["skus"]
        journal.note(Deed.STOCKED, str(sku["id"]), amount=pieces)
        products.append(product["id"])
    return products
