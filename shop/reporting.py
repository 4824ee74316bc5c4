"""Crashes sent to Sentry; loaded only when SENTRY_DSN is set."""

from collections.abc import Mapping
from typing import Any

import sentry_sdk
from django.core.exceptions import ImproperlyConfigured
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import LoggingIntegration, ignore_logger
from sentry_sdk.types import Event, Hint
from sentry_sdk.utils import BadDsn

from shop.logs.redaction import redact

# What may be said of a request: never a header, a query, a cookie or a body.
_OF_A_REQUEST = ("method", "url")


def reporting_start(dsn: str, *, environment: str) -> None:
    """Report what is logged as an error, with its trace and nothing of its data.

    No variables of the frames, no trail of queries and calls (WeChat's URLs hold the
    secret), no request but its method and path.

    Raises: ImproperlyConfigured, when the DSN is none.
    """
    try:
        sentry_sdk.init(
            dsn,
            environment=environment,
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            auto_session_tracking=False,
            # Only these two: others would look for more to tell.
            default_integrations=False,
            integrations=[DjangoIntegration(), LoggingIntegration()],
            before_send=event_clean,
        )
        # Outsiders cause these at will.
        ignore_logger("django.security.DisallowedHost")
    except BadDsn:
        # Its own text would show the key.
        raise ImproperlyConfigured("SENTRY_DSN must be https://key@host/1") from None


def event_clean(event: Event, hint: Hint) -> Event:
    """Return an event without what must not leave the house."""
    request = event.get("request", {})
    kept = {name: request[name] for name in _OF_A_REQUEST if name in request}
    clean: dict[str, Any] = {
        name: value
        for name, value in event.items()
        if name not in {"user", "extra", "breadcrumbs"}
    }
    entry: Mapping[str, Any] = event.get("logentry") or {}
    if entry:
        # The finished text alone: in the parts nobody sees which is a secret.
        clean["logentry"] = {"message": entry.get("formatted") or entry.get("message")}
    redacted: Event = _redacted(clean | {"request": kept})
    return redacted


def _redacted(value: Any) -> Any:
    """Pass every text through the guard of the logs."""
    if isinstance(value, str):
        return redact(value.partition("?")[0]) if "://" in value else redact(value)
    if isinstance(value, Mapping):
        return {key: _redacted(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(one) for one in value]
    return value
