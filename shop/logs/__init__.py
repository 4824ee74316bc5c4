"""Logs: one line per record, in production as JSON, with no secret in any of them."""
