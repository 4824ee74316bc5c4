"""Formats for staff."""
