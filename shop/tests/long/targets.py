"""What of the API takes a value: made from the schema, filled with rows that exist."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from shop.tests.long.attacked import ROW_OF_FIELD, ROW_OF_PATH

# Where sqlmap puts what it tries.
MARK = "*"
# Texts of a certain form; any other text is a word.
TEXTS = {"phone": "13800138000", "trackingNo": "SF1001", "carrier": "SF"}
WORD = "tea"
PRICE = "9.90"
# What has the whole body refused when it is made up, or stands beside others.
OMITTED = {
    *("addressId", "avatar", "couponId", "images"),
    *("expectedStock", "freightTemplate", "skus"),
}


class Target(NamedTuple):
    """A request, each value of which is followed by a mark."""

    route: str
    path: str
    body: str
    headers: dict[str, str]

    @property
    def marks(self) -> int:
        return "".join([self.path, self.body, *self.headers.values()]).count(MARK)


class Targets:
    """The routes of a schema as targets."""

    def __init__(self, schema: dict[str, Any], rows: dict[str, list[str]]) -> None:
        self._schema, self._rows = schema, rows

    def __iter__(self) -> Iterator[Target]:
        for path, methods in self._schema["paths"].items():
            for method, operation in methods.items():
                yield self._target(method.upper(), path, operation)

    def _target(self, method: str, path: str, operation: dict[str, Any]) -> Target:
        asked: dict[str, dict[str, str]] = {"path": {}, "query": {}, "header": {}}
        for one in operation.get("parameters", []):
            value = self._value(one["name"], one["schema"], path)
            asked[one["in"]][one["name"]] = f"{value}{MARK}"
        filled = re.sub(r"{(\w+)}", lambda name: asked["path"][name[1]], path)
        query = "&".join("=".join(pair) for pair in asked["query"].items())
        content = operation.get("requestBody", {}).get("content", {})
        body = content.get("application/json", {}).get("schema")
        return Target(
            route=f"{method} {path}",
            path=f"{filled}?{query}" if query else filled,
            body=marked(self._sample("", body)) if body else "",
            headers=asked["header"],
        )

    def _value(self, name: str, schema: dict[str, Any], path: str) -> str:
        """Return what a path, a query or a header holds."""
        if f"{{{name}}}" not in path:
            value = self._sample(name, schema)
            return "true" if value is True else str(value)
        row = next(row for start, row in ROW_OF_PATH.items() if path.startswith(start))
        return self._rows[row][0]

    def _sample(self, name: str, schema: dict[str, Any]) -> Any:
        """Return a value that the schema allows, and the shop if it can be."""
        schema = self._resolved(schema)
        if name in ROW_OF_FIELD:
            return int(self._rows[ROW_OF_FIELD[name]][0])
        if choices := schema.get("enum"):
            return choices[0]
        match schema.get("type"):
            case "object":
                fields = schema.get("properties", {}).items()
                return {
                    key: self._sample(key, field)
                    for key, field in fields
                    if key not in OMITTED
                }
            case "array":
                return [self._sample(name, schema["items"])]
            case "integer":
                return max(1, schema.get("minimum", 1))
            case "boolean":
                return True
        return TEXTS.get(name) or (PRICE if "pattern" in schema else WORD)

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Follow references, and what stands around them for a remark or a null."""
        for parts in ("allOf", "oneOf", "anyOf"):
            schema = schema[parts][0] if parts in schema else schema
        if "$ref" not in schema:
            return schema
        name = schema["$ref"].rpartition("/")[2]
        return self._resolved(self._schema["components"]["schemas"][name])


def marked(value: Any) -> str:
    """Write JSON with a mark behind each text and number."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)}: {marked(one)}" for key, one in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(marked, value))}]"
    if isinstance(value, str):
        return f'"{value}{MARK}"'
    return json.dumps(value) if isinstance(value, bool) else f"{value}{MARK}"
