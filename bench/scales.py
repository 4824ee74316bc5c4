"""How much is loaded, and how long each case is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """The size of a run."""

    name: str
    meaning: str
    products: int
    orders: int
    shoppers: int
    rounds: int
    seconds: int
    warm_up_seconds: int = 1

    @property
    def database(self) -> str:
        """Where the loaded data are kept between runs."""
        return f"loaded_{self.products}_{self.orders}"


_SHOP = (100_000, 1_000_000, 10_000)
_LARGE = (1_000_000, 10_000_000, 10_000)
SCALES = {
    scale.name: scale
    for scale in (
        Scale("full", "every case in a shop of 100,000 products", *_SHOP, 3, 4),
        Scale("quick", "the same in two minutes", 5_000, 20_000, 500, 1, 2),
        Scale("growth", "beside a shop ten times as large", *_LARGE, 3, 4),
        Scale("memory", "of the workers over a million requests", *_SHOP, 1, 10),
    )
}
