"""A production node with files for its logs, and one that takes settings up anew."""

import signal
from pathlib import Path

from conftest import wait_until
from shop.tests.production.conftest import MARKS
from shop.tests.production.test_metrics import CONFIG, TOKEN, ask_both, figures
from shop.tests.test_start import PRODUCTION
from shop.tests.web_process import WebProcess

pytestmark = MARKS


def test_figures_survive_a_reload(transactional_db: None, tmp_path: Path) -> None:
    own = {"METRICS_TOKEN": TOKEN, "GUNICORN_WORKERS": "1"}
    with WebProcess(tmp_path, **PRODUCTION, **own) as node:
        ask_both(node, 3)
        [worker] = node.workers()
        node.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(new := node.workers()) == 1 and new != [worker])
        ask_both(node, 3)
        assert figures(node)[CONFIG] == 6


def test_files_instead_of_streams_and_logrotate(
    transactional_db: None, tmp_path: Path
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    own = {"LOG_DIR": str(logs), "GUNICORN_WORKERS": "1"}
    with WebProcess(tmp_path, **PRODUCTION, **own) as node:
        access = logs / "access.log"
        access.rename(logs / "access.log.1")
        node.get("/healthz", **{"X-Request-ID": "after"})
        wait_until(access.exists)
        assert "after" in wait_until(access.read_text)
        assert "after" not in (logs / "access.log.1").read_text()
    assert '"logger":"gunicorn.error"' in (logs / "app.log").read_text()
    assert (tmp_path / "out").read_text() == (tmp_path / "err").read_text() == ""
