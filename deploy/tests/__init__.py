"""Tests of what runs the shop on a server."""
