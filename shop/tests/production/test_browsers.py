"""What a production node tells a browser: cookies, and to keep to HTTPS."""

import re
from typing import Any

from accounts.models import User
from shop.tests.production.conftest import BEHIND_PROXY, MARKS
from shop.tests.web_process import WebProcess

pytestmark = MARKS


def cookie(answer: Any, name: str) -> tuple[str, set[str]]:
    """Return what a cookie that an answer sets holds, and how it is kept."""
    [line] = [
        line
        for line in answer.raw.headers.getlist("Set-Cookie")
        if line.startswith(f"{name}=")
    ]
    value, *kept = line.split("; ")
    return value, {part for part in kept if not part.startswith(("expires", "Max-Age"))}


def test_staff_log_in_by_cookies_that_this_host_alone_may_set(
    node: WebProcess, transactional_db: None
) -> None:
    User.objects.create_superuser("owner", "a-long-password-9")
    page = node.get("/admin/login/", **BEHIND_PROXY)
    token, kept = cookie(page, "__Host-csrftoken")
    assert kept == {"HttpOnly", "Path=/", "SameSite=Lax", "Secure"}
    [typed] = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page.text)[:1]
    form = {"username": "owner", "password": "a-long-password-9"}

    def log_in(origin: str) -> Any:
        return node.http.post(
            f"http://{node.address}/admin/login/",
            form | {"csrfmiddlewaretoken": typed},
            headers={**BEHIND_PROXY, "Cookie": token, "Origin": origin},
            timeout=30,
            allow_redirects=False,
        )

    assert log_in("https://evil.example").status_code == 403
    done = log_in("https://shop.example")
    assert (done.status_code, done.headers["Location"]) == (302, "/admin/")
    session, kept = cookie(done, "__Host-sessionid")
    assert kept == {"HttpOnly", "Path=/", "SameSite=Lax", "Secure"}
    desk = node.get("/admin/", **BEHIND_PROXY, Cookie=session)
    assert desk.status_code == 200
    assert desk.headers["Content-Security-Policy"].endswith(" https:")


def test_browsers_keep_to_https(node: WebProcess) -> None:
    """Behind the proxy: a plain answer must not say it."""
    for path in ("/api/products", "/api/home", "/admin/login/", "/api/docs"):
        said = node.get(path, **BEHIND_PROXY).headers
        assert said["Strict-Transport-Security"] == "max-age=31536000"
        assert said["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in said["Content-Security-Policy"]
        plain = node.get(path, Host="shop.example")
        assert "Strict-Transport-Security" not in plain.headers
