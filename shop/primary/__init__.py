"""The primary: how its connections are kept."""
