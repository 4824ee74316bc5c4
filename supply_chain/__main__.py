"""The command line; the Makefile calls it."""

import argparse
import json
import os
import sys

from shop.devstack.terminal import complain, say
from supply_chain.bill import bill_make
from supply_chain.licences import PAGE, LicenceError, page


def main() -> int:
    """Write the page of licences, or print the bill of materials."""
    parser = argparse.ArgumentParser(prog="python -m supply_chain")
    parser.add_argument("command", choices=["licences", "bill"])
    try:
        if parser.parse_args().command == "licences":
            PAGE.write_text(page())
        else:
            version = os.environ.get("SHOP_VERSION", "local")
            say(json.dumps(bill_make(version), indent=1))
    except LicenceError as error:
        complain(f"error: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
