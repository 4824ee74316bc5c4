"""Methods and content types that no route knows: refused, and nothing is written."""

import json
from collections.abc import Callable
from urllib.parse import urlencode

from shop.tests.conftest import assert_envelope
from shop.tests.long.matrices.walking import Sent, unwritten
from shop.tests.routes import CONTRACT

FORM = "application/x-www-form-urlencoded"
NO_BODY = (b"", "")
METHODS = ("TRACE", "CONNECT", "PROPFIND", "DEBUG", "QUERY")
# Who needs a token for anything but a read is asked for it first.
REFUSED = {401: "not_authenticated", 403: "forbidden", 405: "method_not_allowed"}
OVERRIDES = (
    "HTTP_X_HTTP_METHOD_OVERRIDE",
    "HTTP_X_HTTP_METHOD",
    "HTTP_X_METHOD_OVERRIDE",
)


def other_forms(sent: Sent) -> list[tuple[bytes, str]]:
    """Return what the body says, in forms that no route reads."""
    said = sent.options.get("json", {})
    text = json.dumps(said).encode()
    xml = f"<a>{text.decode()}</a>".encode()
    fields = urlencode({name: str(value) for name, value in said.items()}).encode()
    forms = [
        (fields or b"a=1", FORM),
        (xml, "application/xml"),
        (text, "text/plain"),
        (text, "application/octet-stream"),
        (text, "application/merge-patch+json"),
        (text, "nonsense"),
    ]
    if "files" in sent.options:
        forms.append((text, "application/json"))
    else:
        forms.append((b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x"))
    return forms


def forms_refused(sent: Sent) -> None:
    """Of a route that reads its body; the others do not look at one."""
    if not sent.options.keys() & {"json", "files"}:
        return
    for form in other_forms(sent):
        answer = sent.send(body=form)
        assert_envelope(answer, 415, "unsupported_media_type")


def methods_refused(sent: Sent) -> None:
    """By a method that there is not; HEAD and OPTIONS only tell."""
    for method in METHODS:
        answer = sent.send(method=method)
        assert answer.json()["data"]["error"] == REFUSED[answer.status_code]
    told = sent.send(method="OPTIONS", body=NO_BODY)
    if told.status_code != 200:
        assert told.json()["data"]["error"] == REFUSED[told.status_code]
    else:
        assert told.json()["data"] is None
    head = sent.send(method="HEAD", body=NO_BODY)
    assert head.status_code == 200 or head.status_code in REFUSED


def override_ignored(sent: Sent) -> None:
    """A header makes no write of a read."""
    if sent.route.startswith("GET "):
        for header in OVERRIDES:
            for method in ("DELETE", "POST"):
                answer = sent.send(**{header: method})
                assert answer.status_code == CONTRACT[sent.route][1]


def test_what_no_route_knows_does_nothing(
    walk: Callable[[Callable[[Sent], None]], None],
) -> None:
    """With the token and the id of who then succeeds."""

    def attack(sent: Sent) -> None:
        for way in (forms_refused, methods_refused, override_ignored):
            way(sent)

    walk(unwritten(attack))
