"""The site that all tests of nginx share."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from accounts.services import session_open
from shop.devstack.simulator.process import SimulatorProcess
from shop.tests.web_process import database_url

from .node import Node
from .site import Site


@pytest.fixture(scope="session")
def wechat(site_folder: Path, site_whole: Site) -> Iterator[SimulatorProcess]:
    """A WeChat that trusts the throwaway certificate."""
    world = Path(os.environ["SHOP_TEST_SERVERS"]) / "wechat.json"
    os.environ["SSL_CERT_FILE"] = site_whole.certificate
    with SimulatorProcess(world, site_folder / "books.sqlite3") as process:
        del os.environ["SSL_CERT_FILE"]
        yield process


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="session")
def site_whole(site_folder: Path) -> Site:
    return Site(site_folder)


@pytest.fixture(scope="session")
def node_settings(
    django_db_setup: None, site_whole: Site, wechat: SimulatorProcess
) -> dict[str, str]:
    """What differs from a server: the simulator, and so SHOP_ENV=development."""
    return {
        "DATABASE_URL": database_url(),
        "PUBLIC_URL": site_whole.url,
        "TRUSTED_PROXY_HOPS": "1",
        "MEDIA_ROOT": str(site_whole.folder / "media"),
        "WECHAT_API_BASE": wechat.base_url,
        "WECHAT_PAY_BASE": wechat.base_url,
        "RATELIMIT_SESSION": "3/300s",
        "RATELIMIT_CART": "100000/900s",
        # So that guesses come as far as the lock-out, which counts them too.
        "RATELIMIT_STAFF_LOGIN": "100000/300s",
    }


@pytest.fixture(scope="session")
def nodes(
    site_folder: Path, node_settings: dict[str, str]
) -> Iterator[tuple[Node, Node]]:
    first, second = (
        Node(site_folder / f"node{number}.log", node_settings) for number in (1, 2)
    )
    yield first, second
    for node in (first, second):
        if node.is_running:
            node.stop()


@pytest.fixture(scope="session")
def site_running(site_whole: Site, nodes: tuple[Node, Node]) -> Iterator[Site]:
    site_whole.lead_to(*nodes)
    site_whole.start()
    yield site_whole
    site_whole.stop()


@pytest.fixture
def site(
    transactional_db: None, site_running: Site, nodes: tuple[Node, Node]
) -> Iterator[Site]:
    """The site with both nodes up, whatever the last test did to them."""
    for node in nodes:
        if not node.is_running:
            node.start()
    before = site_running.reloads, [node.process for node in nodes]
    yield site_running
    site_running.lead_to(*nodes)
    # Who changed nothing and stopped no node has left nginx as it was.
    is_running = all(node.is_running for node in nodes)
    if not is_running or before != (
        site_running.reloads,
        [node.process for node in nodes],
    ):
        site_running.reload()


@pytest.fixture
def token(transactional_db: None, shopper: User) -> Any:
    return session_open(user=shopper).token


@pytest.fixture
def other_token(transactional_db: None, other_shopper: User) -> Any:
    return session_open(user=other_shopper).token
