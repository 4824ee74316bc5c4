"""Ask this machine's web program for a page: status 0 when it answers 200.

The one argument is the path, /healthz or /readyz.
"""

import http.client
import os
import sys

SECONDS = 4


def main(path: str) -> int:
    """Return the exit status; what came instead goes to the error output."""
    address = os.environ.get("GUNICORN_BIND") or "127.0.0.1:8000"
    port = int(address.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
    except OSError as error:
        sys.stderr.write(f"no answer: {error}\n")
        return 1
    if answer.status != http.HTTPStatus.OK:
        sys.stderr.write(f"{answer.status} {answer.read().decode()}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
