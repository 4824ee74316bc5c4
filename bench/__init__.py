"""A benchmark that anyone can repeat, `make bench`: the shop, a yardstick, limits."""
