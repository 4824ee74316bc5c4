"""Log shoppers in, and make the staff account: a program that loads the shop.

Arguments: how many shoppers, and the file that takes a token of each, one a line.
"""

import sys
from pathlib import Path

from shop.start import shop_start


def main(count: int, path: Path) -> None:
    """Write the tokens; the shoppers are those of sql/load.sql."""
    shop_start()
    # Not before: the models can't be imported until Django is loaded.
    from accounts.services.minting import shoppers_mint

    path.write_text("".join(f"{token}\n" for token in shoppers_mint(count=count)))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
