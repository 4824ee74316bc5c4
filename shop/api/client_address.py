"""Where a request comes from, as far as it can be trusted."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request

# A provider hands a whole /64 to one household, which may use each of its addresses.
_IPV6_PREFIX = 64


def client_address(request: Request | HttpRequest) -> str:
    """Return the client's address, for IPv6 its /64 network; empty when there is none.

    Each of our TRUSTED_PROXY_HOPS proxies appends the address that it saw to
    X-Forwarded-For, so what a client has made up stands to the left of what counts.
    """
    address = request.META.get("REMOTE_ADDR", "")
    hops = settings.TRUSTED_PROXY_HOPS
    header = request.META.get("HTTP_X_FORWARDED_FOR", "")
    seen = [part.strip() for part in header.split(",") if part.strip()]
    if 0 < hops <= len(seen):
        address = seen[-hops]
    return _network(address)


@lru_cache(maxsize=1024)
def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address):
        # How a socket for both families writes IPv4; one /64 would hold all of them.
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        # By its number: a zone (fe80::1%eth0) belongs to no network.
        return str(IPv6Network((int(parsed), _IPV6_PREFIX), strict=False))
    return str(parsed)
