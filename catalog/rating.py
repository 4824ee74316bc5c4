"""What many ratings of a product say together."""

from decimal import ROUND_HALF_UP, Decimal


def rating_average(count: int, stars: int) -> float | None:
    """Return the stars of a review on average, one place behind the point."""
    if not count:
        return None
    average = Decimal(stars) / count
    return float(average.quantize(Decimal("0.1"), ROUND_HALF_UP))
