"""Log shoppers in, and make the staff account: a program that loads the shop.

Arguments: how many shoppers, the file that takes a token of each, one a line, and the
name of the staff account, whose password is in STAFF_PASSWORD.
"""

import sys
from pathlib import Path

from django.core.management import call_command

from shop.start import shop_start


def main(count: int, path: Path, staff_name: str) -> None:
    """Write the tokens; the shoppers are those of sql/load.sql."""
    shop_start()
    # Not before: the models can't be imported until Django is loaded.
    from accounts.services.minting import shoppers_mint

    path.write_text("".join(f"{token}\n" for token in shoppers_mint(count=count)))
    call_command("staff_create", "--username", staff_name, "--superuser")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
