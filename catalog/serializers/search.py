"""What somebody searches for, or might."""

from rest_framework import serializers

from catalog.filters import KEYWORD_MAX
from shop.api.serializers import LocalTimeField, ShopSerializer
from shop.api.text import PlainTextField


class HotWordSerializer(ShopSerializer):
    """A word that finds something."""

    keyword = serializers.CharField()
    pinned = serializers.BooleanField(source="is_pinned")


class SuggestionSerializer(ShopSerializer):
    """A hot word, or the name of a product."""

    keyword = serializers.CharField()
    productId = serializers.IntegerField(
        source="product_id", allow_null=True, help_text="null for a hot word"
    )


class SearchedWordSerializer(ShopSerializer):
    """A word that the shopper has searched for."""

    id = serializers.IntegerField(read_only=True)
    keyword = PlainTextField(label="关键词", max_length=KEYWORD_MAX)
    searchedAt = LocalTimeField(source="searched_at", read_only=True)


class TypedSerializer(ShopSerializer):
    """The beginning of what somebody looks for."""

    keyword = serializers.CharField(
        label="关键词", required=False, allow_blank=True, max_length=KEYWORD_MAX
    )
