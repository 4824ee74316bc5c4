"""The built-in admin as shop staff see it: its face, and what every desk uses."""
