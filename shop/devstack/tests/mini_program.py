"""A shopper's phone and a clerk's browser, as the running shop sees them."""

import re
from html.parser import HTMLParser
from typing import Any

import requests

from .stack_process import StackProcess

_TIMEOUT_SECONDS = 60


class Phone:
    """A mini-program as far as the shop can tell, and WeChat's part of it."""

    def __init__(self, stack: StackProcess) -> None:
        self._base = f"http://127.0.0.1:{stack.port}"
        self._wechat = f"http://127.0.0.1:{stack.simulator_port}"
        self._http = requests.Session()

    def get(self, path: str, **query: Any) -> Any:
        return self._call("GET", path, 200, params=query)

    def post(self, path: str, status: int = 200, **body: Any) -> Any:
        return self._call("POST", path, status, json=body)

    def login(self, name: str) -> None:
        session = self.post("/api/auth/login", code=f"sim-{name}")
        self._http.headers["Authorization"] = f"Bearer {session['token']}"

    def pay(self, order_no: str) -> None:
        """Pay an order as the shopper would; WeChat has told the shop when it ends."""
        package = self.post(f"/api/orders/{order_no}/pay")["package"]
        wish = {"prepayId": package.removeprefix("prepay_id=")}
        url = f"{self._wechat}/_sim/pay"
        assert requests.post(url, json=wish, timeout=_TIMEOUT_SECONDS).ok

    def _call(self, method: str, path: str, status: int, **sent: Any) -> Any:
        url = f"{self._base}{path}"
        answer = self._http.request(method, url, timeout=_TIMEOUT_SECONDS, **sent)
        assert answer.status_code == status, (method, path, answer.text)
        return answer.json()["data"]


class PageForm(HTMLParser):
    """The inputs of a page that a browser would send back unchanged."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.data: dict[str, str] = {}
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        facts = {name: value or "" for name, value in attrs}
        name, value = facts.get("name", ""), facts.get("value", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and ("selected" in facts or self._select not in self.data):
            self.data[self._select] = value
        elif tag == "input" and name and facts.get("type") not in ("checkbox", "file"):
            self.data.setdefault(name, value)


class Office:
    """Staff before the back office, who find rows and fill in pages."""

    def __init__(self, stack: StackProcess, name: str, password: str) -> None:
        self._base = f"http://127.0.0.1:{stack.port}/admin"
        self._http = requests.Session()
        self.fill("/login/", username=name, password=password)

    def fill(self, path: str, **fields: str) -> None:
        """Open a page, fill it in and send it; it must lead on."""
        url = f"{self._base}{path}"
        page = self._http.get(url, timeout=_TIMEOUT_SECONDS).text
        data = PageForm(page).data | fields
        answer = self._http.post(
            url, data, timeout=_TIMEOUT_SECONDS, allow_redirects=False
        )
        assert answer.status_code == 302, (path, answer.text)

    def found(self, desk: str, word: str) -> str:
        """Return the path of the one row that a desk's search finds."""
        url = f"{self._base}/{desk}/"
        page = self._http.get(url, params={"q": word}, timeout=_TIMEOUT_SECONDS).text
        [number] = set(re.findall(rf'href="/admin/{desk}/(\d+)/change/', page))
        return f"/{desk}/{number}"
