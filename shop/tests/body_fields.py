"""What the published schema says that a body may hold."""

from typing import Any


def body_fields(route: str, schema: dict[str, Any]) -> set[str]:
    """Return the names of all fields of a route's bodies, at any depth."""
    method, _, path = route.partition(" ")
    return _names(schema["paths"][path][method.lower()].get("requestBody"), schema)


def _names(shape: Any, schema: dict[str, Any]) -> set[str]:
    if isinstance(shape, list):
        return {name for one in shape for name in _names(one, schema)}
    if not isinstance(shape, dict):
        return set()
    if reference := shape.get("$ref"):
        name = reference.rpartition("/")[2]
        return _names(schema["components"]["schemas"][name], schema)
    own = set(shape.get("properties", {}))
    return own.union(*(_names(one, schema) for one in shape.values()))
