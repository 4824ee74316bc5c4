"""A cart on the wire."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from orders.models.cart_item import CART_LINES_MAX
from orders.models.order_item import QUANTITY_MAX
from orders.services.cart import CART_FULL, Cart, LineState
from shop.api.images import ImageField
from shop.api.pagination import PaginationSerializer, pagination
from shop.api.serializers import (
    IdField,
    LocalTimeField,
    MoneyField,
    ShopSerializer,
    WholeNumberField,
)


class CartAddSerializer(ShopSerializer):
    """What is put in."""

    skuId = IdField(label="规格", source="sku_id")
    quantity = WholeNumberField(
        label="数量", min_value=1, max_value=QUANTITY_MAX, default=1
    )
    selected = serializers.BooleanField(
        label="已选", source="is_selected", default=True
    )


class CartChangeSerializer(ShopSerializer):
    """What is changed of a line; another SKU must be one of the same product."""

    skuId = IdField(label="规格", source="sku_id", required=False)
    quantity = WholeNumberField(
        label="数量", min_value=1, max_value=QUANTITY_MAX, required=False
    )
    selected = serializers.BooleanField(
        label="已选", source="is_selected", required=False
    )


class CartSelectSerializer(ShopSerializer):
    """Which lines are selected from now on, or no longer."""

    selected = serializers.BooleanField(label="已选", source="is_selected")
    ids = serializers.ListField(
        label="购物车商品",
        source="item_ids",
        child=IdField(),
        max_length=CART_LINES_MAX,
        required=False,
        allow_null=True,
        help_text="all lines, if it is not sent",
    )


class CartLineSerializer(ShopSerializer):
    """A line of the cart with what its SKU is and costs now."""

    id = serializers.IntegerField(source="item.pk")
    productId = serializers.IntegerField(source="sku.product_id")
    skuId = serializers.IntegerField(source="sku.pk")
    name = serializers.CharField(source="sku.product.name")
    specs = serializers.DictField(
        source="sku.ordered_specs", child=serializers.CharField()
    )
    image = ImageField(source="sku.picture")
    price = MoneyField(help_text="in a running flash sale the price there")
    originalPrice = MoneyField(
        source="sku.price", help_text="what it costs outside of a flash sale"
    )
    priceAdded = MoneyField(
        source="item.price_added", help_text="the price when it was last put in"
    )
    priceChanged = serializers.BooleanField(source="is_price_changed")
    quantity = serializers.IntegerField(source="item.quantity")
    amount = MoneyField()
    stock = serializers.IntegerField(
        help_text="pieces that the shopper can order now, for that price"
    )
    selected = serializers.BooleanField(source="item.is_selected")
    state = serializers.ChoiceField(
        choices=[*LineState],
        help_text="`ok`; `sold_out`; `short`: less is left than `quantity`; `off_sale`;"
        " `gone`: the product or the SKU was taken out for good",
    )
    createdAt = LocalTimeField(source="item.created_at")


class CartSumsSerializer(ShopSerializer):
    """Figures of the whole cart."""

    lines = serializers.IntegerField()
    quantity = serializers.IntegerField(help_text="pieces in the cart")
    selectedQuantity = serializers.IntegerField(
        help_text="pieces of the selected lines that can be ordered (state `ok`)"
    )
    selectedAmount = MoneyField(help_text="what they cost")


class CartWrittenSerializer(CartLineSerializer):
    """A line as it is now, and what has become of the cart."""

    cart = CartSumsSerializer()


class CartPiecesSerializer(ShopSerializer):
    """A line of the cart, as many pieces as it has now."""

    id = serializers.IntegerField(source="pk")
    skuId = serializers.IntegerField(source="sku_id")
    quantity = serializers.IntegerField()


class MissingSerializer(ShopSerializer):
    """A line of an order that can't be bought again, or not with all its pieces."""

    productId = serializers.IntegerField(source="item.product_id")
    skuId = serializers.IntegerField(source="item.sku_id")
    name = serializers.CharField(source="item.name")
    specs = serializers.DictField(source="item.specs", child=serializers.CharField())
    image = ImageField(source="item.image")
    quantity = serializers.IntegerField(source="item.quantity")
    reason = serializers.ChoiceField(
        choices=[*(state for state in LineState if state != LineState.OK), CART_FULL],
        help_text="`short`: the pieces that are left are in the cart",
    )


class BoughtAgainSerializer(ShopSerializer):
    """What became of an order's lines."""

    added = CartPiecesSerializer(many=True)
    missing = MissingSerializer(many=True)


# The route's action is named `list`, which would be taken for a list of carts.
@extend_schema_serializer(many=False)
class CartSerializer(CartSumsSerializer):
    """The lines, the newest first, and the sums over the whole cart."""

    list = CartLineSerializer(many=True)
    pagination = PaginationSerializer()


class CartCountSerializer(ShopSerializer):
    """The figures of the badge."""

    lines = serializers.IntegerField()
    quantity = serializers.IntegerField()


def cart_shown(
    cart: Cart, *, page: int = 1, size: int = CART_LINES_MAX
) -> dict[str, Any]:
    """Return the body of a cart, whose lines are cut to a page."""
    lines = cart.lines[(page - 1) * size : page * size]
    shown = CartLineSerializer(lines, many=True).data
    return {**pagination(shown, len(cart.lines), page, size), **_sums(cart)}


def cart_line_shown(cart: Cart, item_id: int) -> dict[str, Any]:
    """Return the body of a line that was written, with the sums of the cart.

    Raises: NotFound, when an order has taken it out meanwhile.
    """
    line = CartLineSerializer(cart.line(item_id)).data
    return {**line, "cart": _sums(cart)}


def _sums(cart: Cart) -> dict[str, Any]:
    return {
        "lines": len(cart.lines),
        "quantity": cart.quantity,
        "selectedQuantity": cart.selected_quantity,
        "selectedAmount": f"{cart.selected_amount:.2f}",
    }
