"""How much is loaded, and how long each case is measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """The size of a run; `BENCH_SCALE` names it."""

    name: str
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


SCALES = {
    scale.name: scale
    for scale in (
        Scale("quick", 5_000, 20_000, shoppers=500, rounds=1, seconds=2),
        Scale("full", 100_000, 1_000_000, shoppers=10_000, rounds=3, seconds=4),
    )
}
