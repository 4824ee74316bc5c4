"""A WeChat that says what it is told to, even what the simulator never would."""

import base64
import json
import os
import threading
import time
from datetime import timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.utils import timezone

from shop.wechat import pay
from shop.wechat.miniprogram import code2session


@pytest.fixture
def wechat(settings):
    """Serve `body`, or the next of `answers`; note what is asked, and with what.

    An answer is a body, or a status, further headers and a body.
    """
    told = SimpleNamespace(status=200, body=b"", headers={}, sign=None, answers=[])
    told.asked, told.sent, told.sent_headers = [], [], {}
    told.before_answer = lambda: None

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            told.sent_headers = self.headers
            told.asked.append(self.path)
            told.before_answer()
            answer = told.answers.pop(0) if told.answers else told.body
            plain = (told.status, {}, answer)
            status, more, body = answer if isinstance(answer, tuple) else plain
            self.send_response(status)
            signature = told.sign(body) if told.sign else {}
            for name, value in (told.headers | more | signature).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            told.sent.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.do_GET()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    settings.WECHAT_API_BASE = f"http://127.0.0.1:{server.server_port}"
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def wechat_pay(wechat, settings):
    """Lead Pay there too; its answers are JSON, signed by WeChat's key."""
    world = Path(os.environ["SHOP_TEST_SERVERS"]) / "wechat.json"
    pem = json.loads(world.read_text())["platformPrivateKey"]
    key = load_pem_private_key(pem.encode(), None)

    def sign(body):
        timestamp, nonce = str(int(time.time())), "n" * 32
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = key.sign(message, PKCS1v15(), SHA256())
        return {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Serial": settings.WECHAT_PLATFORM_PUBLIC_KEY_ID,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        }

    wechat.headers = {"Content-Type": "application/json"}
    wechat.sign = sign
    settings.WECHAT_PAY_BASE = settings.WECHAT_API_BASE
    return wechat


@pytest.fixture
def say(wechat):
    """Return what sets the next answers: a JSON value, and a status."""

    def told(value, status=200):
        wechat.body, wechat.status = json.dumps(value).encode(), status

    return told


@pytest.fixture
def prepay(simulator, settings):
    """Return what announces a payment of somebody whom WeChat knows."""
    openid = code2session("sim-ann").openid

    def announce(out_trade_no, description="茶"):
        return pay.prepay(
            out_trade_no=out_trade_no,
            description=description,
            amount=Decimal("0.02"),
            openid=openid,
            expires_at=timezone.now() + timedelta(minutes=30),
        )

    return announce
