"""The category tree on the wire."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shop.api.images import image_url
from shop.api.serializers import ShopSerializer


class CategorySerializer(ShopSerializer):
    """A node with everything below it."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    icon = serializers.SerializerMethodField()
    children = serializers.SerializerMethodField()

    def get_icon(self, node: dict[str, Any]) -> str:
        """Return the icon's URL; empty when there is none."""
        return image_url(node["icon"])

    @extend_schema_field(
        {"type": "array", "items": {"$ref": "#/components/schemas/Category"}}
    )
    def get_children(self, node: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the nodes below."""
        return [self.to_representation(child) for child in node["children"]]
