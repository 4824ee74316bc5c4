"""Loopback TCP ports: claim a wanted one, find a free one."""

import socket

HOST = "127.0.0.1"
LISTEN_BACKLOG = 2048


class PortTaken(Exception):
    """Another program listens on the port."""


def port_claim(port: int) -> socket.socket:
    """Listen on the port at once, so that no other program can take it any more.

    Raises: PortTaken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Without it a restart would wait a minute for the old connections to fade.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(LISTEN_BACKLOG)
    except OSError as error:
        listener.close()
        raise PortTaken(str(error.strerror)) from None
    return listener


def port_find() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def port_answers(port: int) -> bool:
    """Say whether somebody accepts connections there."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True
