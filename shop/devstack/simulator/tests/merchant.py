"""A merchant and its shop, written for these tests from the protocol alone."""

import base64
import json
import queue
import secrets
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode, urlsplit

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TEMPLATE_ID = "TqSBvMDaBaDLFOGGVm9sbg0CEkjXN9-1vKgzpS1aJ_Q"
NOTIFY_URL = "http://127.0.0.1:9/never/listens"  # the discard port: refused at once


class Merchant:
    """Signs requests with the merchant's key and verifies every answer."""

    def __init__(self, world, base_url):
        self.world = world
        self.base_url = base_url
        self.offset_seconds = 0
        self.key = serialization.load_pem_private_key(
            world["merchantPrivateKey"].encode(),
            None,
            unsafe_skip_rsa_key_validation=True,  # a tenth of a second in each test
        )
        self.wechats_key = serialization.load_pem_public_key(
            world["platformPublicKey"].encode()
        )
        self.http = requests.Session()
        self.http.trust_env = False

    def now(self):
        return int(time.time() + self.offset_seconds)

    def signed_at(self, offset_seconds):
        """Let this merchant's clock run ahead, as the simulator's was made to."""
        self.offset_seconds = offset_seconds
        return self

    def authorization(self, method, target, body, **changed):
        """Return the header's value; `changed` replaces single fields."""
        stamp = str(changed.pop("timestamp", self.now()))
        nonce = changed.pop("nonce_str", secrets.token_hex(16))
        lines = f"{method}\n{target}\n{stamp}\n{nonce}\n".encode() + body + b"\n"
        signed = self.key.sign(lines, padding.PKCS1v15(), hashes.SHA256())
        fields = {
            "mchid": self.world["mchid"],
            "nonce_str": nonce,
            "signature": base64.b64encode(signed).decode(),
            "timestamp": stamp,
            "serial_no": self.world["merchantSerial"],
        } | changed
        text = ",".join(f'{name}="{value}"' for name, value in fields.items())
        return f"WECHATPAY2-SHA256-RSA2048 {text}"

    def headers(self, authorization):
        """Return what each request carries."""
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Wechatpay-Serial": self.world["platformPublicKeyId"],
            "Authorization": authorization,
        }

    def send(self, method, target, body=b"", *, authorization=None, **options):
        """Send signed bytes; the answer's signature must be WeChat's."""
        if not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
        authorization = authorization or self.authorization(method, target, body)
        headers = self.headers(authorization) | options.get("headers", {})
        answer = self.http.request(
            method,
            self.base_url + target,
            data=body,
            headers=headers,
            timeout=options.get("timeout", 60),
        )
        self.verify(answer.headers, answer.content)
        return answer

    def verify(self, headers, body):
        """Raise unless these headers sign this body, now, with WeChat's key."""
        assert headers["Wechatpay-Serial"] == self.world["platformPublicKeyId"]
        assert headers["Wechatpay-Signature-Type"] == "WECHATPAY2-SHA256-RSA2048"
        assert abs(int(headers["Wechatpay-Timestamp"]) - self.now()) < 60
        stamp, nonce = headers["Wechatpay-Timestamp"], headers["Wechatpay-Nonce"]
        self.wechats_key.verify(
            base64.b64decode(headers["Wechatpay-Signature"]),
            f"{stamp}\n{nonce}\n".encode() + body + b"\n",
            padding.PKCS1v15(),
            hashes.SHA256(),
        )

    def open(self, body):
        """Return the decrypted transaction of a notification."""
        resource = json.loads(body)["resource"]
        plain = AESGCM(self.world["apiV3Key"].encode()).decrypt(
            resource["nonce"].encode(),
            base64.b64decode(resource["ciphertext"]),
            resource["associated_data"].encode(),
        )
        return json.loads(plain)

    def login(self, code, **changed):
        """Return jscode2session's answer."""
        query = {
            "appid": self.world["appid"],
            "secret": self.world["secret"],
            "js_code": code,
            "grant_type": "authorization_code",
        } | changed
        query = {name: value for name, value in query.items() if value is not None}
        return self.http.get(
            f"{self.base_url}/sns/jscode2session", params=query, timeout=60
        )

    def order(self, **changed):
        """Return a prepay body that WeChat accepts, with single fields changed."""
        body = {
            "appid": self.world["appid"],
            "mchid": self.world["mchid"],
            "description": "云南小粒咖啡 两包",
            "out_trade_no": secrets.token_hex(12),
            "time_expire": in_seconds(1800),
            "notify_url": NOTIFY_URL,
            "amount": {"total": 9900, "currency": "CNY"},
            "payer": {"openid": self.login("sim-buyer").json()["openid"]},
        } | changed
        return {name: value for name, value in body.items() if value is not None}

    def prepay(self, body):
        return self.send("POST", "/v3/pay/transactions/jsapi", body)

    def placed(self, **changed):
        """Return the number of a payment freshly made."""
        body = self.order(**changed)
        answer = self.prepay(body)
        assert answer.status_code == 200, answer.text
        return body["out_trade_no"]

    def query(self, number):
        return self.send(
            "GET",
            f"/v3/pay/transactions/out-trade-no/{number}?mchid={self.world['mchid']}",
        )

    def close(self, number):
        return self.send(
            "POST",
            f"/v3/pay/transactions/out-trade-no/{number}/close",
            {"mchid": self.world["mchid"]},
        )

    def refunding(self, number, **changed):
        """Return a refund body that WeChat accepts, with single fields changed."""
        body = {
            "out_trade_no": number,
            "out_refund_no": secrets.token_hex(12),
            "reason": "不想要了",
            "notify_url": NOTIFY_URL,
            "amount": {"refund": 9900, "total": 9900, "currency": "CNY"},
        } | changed
        return {name: value for name, value in body.items() if value is not None}

    def refund(self, body):
        return self.send("POST", "/v3/refund/domestic/refunds", body)

    def refunded(self, number, **changed):
        """Return the number of a refund freshly accepted."""
        body = self.refunding(number, **changed)
        answer = self.refund(body)
        assert answer.status_code == 200, answer.text
        return body["out_refund_no"]

    def refund_query(self, refund_number):
        return self.send("GET", f"/v3/refund/domestic/refunds/{refund_number}")

    def bill(self, day, **changed):
        """Ask for a day's bill as a shop does, with single parameters changed."""
        query = {"bill_date": day, "bill_type": "ALL", "tar_type": "GZIP"} | changed
        text = urlencode({name: value for name, value in query.items() if value})
        return self.send("GET", f"/v3/bill/tradebill?{text}")

    def fetch(self, url, **options):
        """Return the unsigned answer from a download_url."""
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}"
        authorization = self.authorization("GET", target, b"", **options)
        headers = self.headers(authorization)
        return self.http.get(url, headers=headers, timeout=60)

    def token(self):
        """Return an access token."""
        body = {
            "grant_type": "client_credential",
            "appid": self.world["appid"],
            "secret": self.world["secret"],
        }
        url = f"{self.base_url}/cgi-bin/stable_token"
        return self.http.post(url, json=body, timeout=60).json()["access_token"]

    def ask(self, path, body, *, token=None):
        """Post to the mini-program API and return what is answered."""
        query = {"access_token": token or self.token()}
        answer = self.http.post(
            self.base_url + path, params=query, json=body, timeout=60
        )
        return json.loads(answer.content)  # labelled as text, without a charset

    def message(self, **changed):
        """Return a subscribe message that WeChat accepts, with fields changed."""
        body = {
            "touser": self.login("sim-buyer").json()["openid"],
            "template_id": TEMPLATE_ID,
            "page": "pages/order/detail?orderNo=7",
            "data": {"thing1": {"value": "云南小粒咖啡 两包"}},
        } | changed
        return {name: value for name, value in body.items() if value is not None}

    def message_send(self, body, **options):
        return self.ask("/cgi-bin/message/subscribe/send", body, **options)

    def comment(self, **changed):
        """Return a comment that WeChat judges, with fields changed."""
        body = {
            "version": 2,
            "scene": 2,
            "openid": self.login("sim-buyer").json()["openid"],
            "content": "茶很香",
        } | changed
        return {name: value for name, value in body.items() if value is not None}

    def judge(self, body):
        return self.ask("/wxa/msg_sec_check", body)

    def shipment(self, number, **changed):
        """Return an upload that WeChat accepts, with single parameters changed."""
        mchid = self.world["mchid"]
        body = {
            "order_key": {
                "order_number_type": 1,
                "mchid": mchid,
                "out_trade_no": number,
            },
            "logistics_type": 1,
            "delivery_mode": 1,
            "shipping_list": [parcel("ZTO", "7790")],
            "upload_time": "2026-11-25T13:29:35.120+08:00",
            "payer": {"openid": self.login("sim-buyer").json()["openid"]},
        } | changed
        return {name: value for name, value in body.items() if value is not None}

    def ship(self, body, **options):
        return self.ask("/wxa/sec/order/upload_shipping_info", body, **options)

    def shipping_of(self, **wanted):
        return self.ask("/wxa/sec/order/get_order", wanted)


class Shop:
    """An HTTP server that keeps what it is notified of and answers as it is told."""

    def __init__(self):
        self.received = queue.Queue()
        self.answers = queue.Queue()
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                shop.received.put((dict(self.headers), body))
                status = shop.answers.get() if not shop.answers.empty() else 204
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/pay/notify"
        serve = self.server.serve_forever
        threading.Thread(target=serve, args=(0.02,), daemon=True).start()

    def next(self, seconds=60):
        """Return the next notification's headers and body."""
        return self.received.get(timeout=seconds)

    def heard_nothing_for(self, seconds):
        try:
            self.received.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def in_seconds(seconds):
    """Return RFC 3339 of so many seconds ahead, in China's time."""
    moment = datetime.now(timezone(timedelta(hours=8))) + timedelta(seconds=seconds)
    return moment.isoformat(timespec="seconds")


def parcel(carrier, tracking_no, **changed):
    """Return a parcel that WeChat accepts, with single fields changed."""
    sent = {
        "express_company": carrier,
        "tracking_no": tracking_no,
        "item_desc": "云南小粒咖啡 两包",
    } | changed
    return {name: value for name, value in sent.items() if value is not None}


def refusal(answer):
    """Return status and code of a Pay v3 refusal, whose form must be right."""
    body = answer.json()
    assert set(body) == {"code", "message"}
    assert body["message"]
    return answer.status_code, body["code"]
