"""The home page on the wire."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from catalog.home import Card, ShownBanner
from catalog.models import BannerTarget, SectionKind
from shop.api.images import ImageField, image_url
from shop.api.serializers import MoneyField, ShopSerializer


class BannerTargetSerializer(ShopSerializer):
    """Where a banner leads to: what its kind names, and nulls."""

    kind = serializers.ChoiceField(choices=BannerTarget.choices)
    productId = serializers.IntegerField(allow_null=True)
    categoryId = serializers.IntegerField(allow_null=True)
    keyword = serializers.CharField(allow_null=True)
    path = serializers.CharField(allow_null=True)
    url = serializers.CharField(allow_null=True)


class BannerSerializer(ShopSerializer):
    """A banner that is shown now."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    image = ImageField()
    target = serializers.SerializerMethodField()

    @extend_schema_field(BannerTargetSerializer)
    def get_target(self, banner: ShownBanner) -> dict[str, Any]:
        """Return the target by what it is."""
        kind = banner.target_kind
        texts = {
            "keyword": BannerTarget.SEARCH,
            "path": BannerTarget.PAGE,
            "url": BannerTarget.WEB,
        }
        return {
            "kind": kind,
            "productId": banner.product_id,
            "categoryId": banner.category_id,
            **{key: banner.target if kind == of else None for key, of in texts.items()},
        }


class EntrySerializer(ShopSerializer):
    """A category at the top of the tree."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    icon = ImageField()


class CardSerializer(ShopSerializer):
    """A product in a row of many; `images` holds the first one alone."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    price = MoneyField()
    originalPrice = MoneyField(source="original_price", allow_null=True)
    images = serializers.ListField(child=serializers.URLField())
    stock = serializers.IntegerField()
    sales = serializers.IntegerField()

    def to_representation(self, card: Card) -> dict[str, Any]:
        """Write a card by hand, as there may be a hundred on the page."""
        return {
            "id": card.id,
            "name": card.name,
            "price": card.price,
            "originalPrice": card.original_price,
            "images": [image_url(card.image)] if card.image else [],
            "stock": card.stock,
            "sales": card.sales,
        }


class SectionSerializer(ShopSerializer):
    """A titled row of products."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=SectionKind.choices)
    categoryId = serializers.IntegerField(source="category_id", allow_null=True)
    products = CardSerializer(many=True)


class HomeSerializer(ShopSerializer):
    """All that the home page shows."""

    banners = BannerSerializer(many=True)
    categories = EntrySerializer(many=True)
    new = CardSerializer(many=True)
    hot = CardSerializer(many=True)
    sections = SectionSerializer(many=True)
