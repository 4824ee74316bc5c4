"""Formats of our own, by language, where they differ from Django's."""
