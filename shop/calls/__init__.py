"""Calls to somebody else while we wait: bounded, and given up in time."""
