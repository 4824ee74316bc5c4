"""Chance that can be repeated."""

import random


def dice_make(seed: str) -> random.Random:
    """Return dice that fall the same way again for the same seed."""
    return random.Random(seed)  # nosec B311 # noqa: S311 - no secret is drawn
