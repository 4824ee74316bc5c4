"""Canaries: the whole shop as on a server, every part failing, and not one in a log."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from django.core.cache import cache

from catalog.models import Product
from deploy.tests.long.canaries import (
    EXCEPTIONS,
    METRICS_TOKEN,
    Valkey,
    found_in,
    jobs,
    person_words,
    postgres_log,
    postgres_said,
    shop_secrets,
)
from deploy.tests.long.watched import (
    Watched,
    callers_fail,
    database_fails,
    edge_fails,
    login_through_faults,
    order_through_faults,
    printed,
    staff_fail_and_enter,
    worker_fails,
)
from deploy.tests.node import Node
from deploy.tests.site import Site
from shop.devstack.ports import HOST
from shop.devstack.simulator.process import SimulatorProcess
from shop.tests.sentry_sink import sentry_sink
from torture.findings import findings_record

pytestmark = [pytest.mark.xdist_group("nginx"), pytest.mark.timeout(600)]


@pytest.fixture
def watched(
    site: Site,
    node_settings: dict[str, str],
    wechat: SimulatorProcess,
    tmp_path: Path,
) -> Iterator[Watched]:
    with sentry_sink() as (dsn, told):
        env = {
            **node_settings,
            "SHOP_ENV": "production",
            "DJANGO_SETTINGS_MODULE": "deploy.tests.long.canary_settings",
            "SENTRY_DSN": dsn,
            "METRICS_TOKEN": METRICS_TOKEN,
            "LOG_LEVEL": "DEBUG",
        }
        node = Node(tmp_path / "web.log", env)
        node.start()
        site.lead_to(node)
        site.reload()
        words = shop_secrets() | person_words()
        yield Watched(site, node, wechat, tmp_path, env, words, told)
        node.stop()
        # What nobody has met yet would meet the next test.
        wechat.clear_faults()


def metrics_of(shop: Watched) -> str:
    answer = requests.get(
        f"http://{HOST}:{shop.node.port}/metrics",
        headers={"Authorization": f"Bearer {METRICS_TOKEN}"},
        timeout=60,
    )
    assert answer.status_code == 200
    return answer.text


def places_of(shop: Watched, valkey: Valkey, began: int) -> dict[str, str]:
    """Return the text of every place where a program leaves words."""
    metrics = metrics_of(shop)
    edge_fails(shop)
    return {
        "the shop's access log": shop.node.access_log.read_text(),
        "the shop's log": shop.node.access_log.with_name("app.log").read_text(),
        "the worker's log": printed(shop, "worker"),
        "nginx's logs": shop.site.told,
        "PostgreSQL's log": postgres_said(began),
        "Valkey's slow log": valkey.slowlog(),
        "Valkey's keys and values": valkey.holdings(),
        "jobs and their arguments": jobs(),
        "what Sentry got": json.dumps(shop.told, ensure_ascii=False),
        "metrics": metrics,
        "refusals and error pages": "\n".join(shop.refused),
    }


@pytest.mark.usefixtures("queue")
def test_no_canary_sings_in_any_log(
    watched: Watched, product_make: Callable[..., Product]
) -> None:
    began = postgres_log().stat().st_size
    with Valkey() as valkey:
        login_through_faults(watched)
        order = order_through_faults(watched, product_make())
        boss = staff_fail_and_enter(watched)
        callers_fail(watched)
        database_fails(watched)
        worker_fails(watched, order, boss)
        watched.words["WeChat's access token"] = cache.get("wechat:access_token")
        places = places_of(watched, valkey, began)
    assert [place for place, text in places.items() if not text] == []
    found = found_in(places, watched.words)
    findings_record(
        "canaries",
        rows=[
            {
                "searched": place,
                "characters": len(text),
                "canaries": len(watched.words),
                "found": sum(where == place for where, _ in found),
                "why it may be": "; ".join(
                    why for (where, _), why in EXCEPTIONS.items() if where == place
                ),
            }
            for place, text in places.items()
        ],
    )
    assert set(found) == set(EXCEPTIONS)
    answers = {"answers": "\n".join(watched.answered)}
    assert found_in(answers, shop_secrets()) == []
