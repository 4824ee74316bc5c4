"""Orders on the wire: what shoppers send and what they see."""

from typing import Any

from rest_framework import serializers

from orders.models import Order, OrderItem, OrderStatus, Shipment, ShipmentItem
from orders.models.order_item import LINES_MAX, QUANTITY_MAX
from orders.serializers.coupons import OfferSerializer
from orders.services.order_requests import Destination, OrderRequest, Wish
from shop.api.images import ImageField
from shop.api.serializers import (
    AddressFieldsMixin,
    IdField,
    LocalTimeField,
    MoneyField,
    ShopModelSerializer,
    ShopSerializer,
    WholeNumberField,
)
from shop.api.text import PlainTextField


class WishSerializer(ShopSerializer):
    """One line that a shopper asks for."""

    productId = IdField(label="商品")
    skuId = IdField(label="规格", required=False, allow_null=True)
    quantity = WholeNumberField(label="数量", min_value=1, max_value=QUANTITY_MAX)


class DestinationSerializer(ShopSerializer, AddressFieldsMixin):
    """An address written out."""


class PreviewRequestSerializer(ShopSerializer):
    """What an order would hold; an address is not needed yet."""

    items = WishSerializer(  # type: ignore[call-arg]
        many=True, label="商品", max_length=LINES_MAX, allow_empty=False
    )
    addressId = IdField(label="地址", required=False, allow_null=True)
    address = DestinationSerializer(label="收货地址", required=False, allow_null=True)
    couponId = IdField(
        label="优惠券",
        required=False,
        allow_null=True,
        help_text="Of a coupon that the shopper holds; null is none. A preview without "
        "it takes the best one.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("address") and attrs.get("addressId"):
            raise serializers.ValidationError({"address": ["收货地址只能提供一个"]})
        return attrs

    def to_request(self) -> OrderRequest:
        """Return what was asked for."""
        asked = self.validated_data
        sent = asked.get("address")
        return OrderRequest(
            wishes=[
                Wish(line["productId"], line.get("skuId"), line["quantity"])
                for line in asked["items"]
            ],
            destination=Destination(**sent) if sent else None,
            address_id=asked.get("addressId"),
            remark=asked.get("remark") or "",
            from_cart=asked.get("fromCart") or False,
            coupon_id=asked.get("couponId"),
        )


class OrderRequestSerializer(PreviewRequestSerializer):
    """An order as a shopper sends it."""

    remark = PlainTextField(
        label="留言", max_length=200, required=False, allow_blank=True, allow_null=True
    )
    fromCart = serializers.BooleanField(
        label="清出购物车",
        required=False,
        allow_null=True,
        help_text="The SKUs ordered leave the shopper's cart at the same moment.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        if not attrs.get("address") and not attrs.get("addressId"):
            raise serializers.ValidationError({"address": ["收货地址不能为空"]})
        return attrs


class ReasonSerializer(ShopSerializer):
    """Why, in the shopper's words."""

    reason = PlainTextField(
        label="原因", max_length=200, required=False, allow_blank=True, allow_null=True
    )


class OrderFilterSerializer(ShopSerializer):
    """How a list of orders is narrowed; an empty value is as good as none."""

    status = serializers.ChoiceField(
        label="状态", choices=OrderStatus.choices, required=False, allow_blank=True
    )
    keyword = serializers.CharField(
        label="关键词", max_length=50, required=False, allow_blank=True
    )


class OrderItemSerializer(ShopModelSerializer):
    """A line as it was when the order was placed."""

    productId = serializers.IntegerField(source="product_id")
    skuId = serializers.IntegerField(source="sku_id")
    specs = serializers.DictField(child=serializers.CharField())
    price = MoneyField()
    refundQuantity = serializers.IntegerField(source="refund_quantity")
    reviewed = serializers.BooleanField(source="is_reviewed")
    image = ImageField()

    class Meta:
        model = OrderItem
        fields = (
            "id",
            "productId",
            "skuId",
            "name",
            "specs",
            "price",
            "quantity",
            "refundQuantity",
            "reviewed",
            "image",
        )


class ShipmentItemSerializer(ShopModelSerializer):
    """How much of a line is in a parcel."""

    itemId = serializers.IntegerField(source="order_item_id")

    class Meta:
        model = ShipmentItem
        fields = ("itemId", "quantity")


class ShipmentSerializer(ShopModelSerializer):
    """A parcel."""

    items = ShipmentItemSerializer(many=True)
    trackingNo = serializers.CharField(source="tracking_no")
    shippedAt = LocalTimeField(source="shipped_at")

    class Meta:
        model = Shipment
        fields = ("carrier", "trackingNo", "shippedAt", "items")


class OrderAddressSerializer(serializers.Serializer[Order]):
    """The order's own copy of the address; empty once the account is deleted."""

    name = serializers.CharField()
    phone = serializers.CharField()
    province = serializers.CharField()
    city = serializers.CharField()
    district = serializers.CharField()
    detail = serializers.CharField()


class OrderSerializer(ShopModelSerializer):
    """An order as its owner sees it; read by `for_display()`."""

    orderNo = serializers.CharField(source="order_no")
    userId = serializers.IntegerField(source="user_id")
    items = OrderItemSerializer(many=True)
    goodsAmount = MoneyField(source="goods_amount")
    freightAmount = MoneyField(source="freight_amount")
    discountAmount = MoneyField(source="discount_amount")
    totalAmount = MoneyField(source="total_amount")
    refundedAmount = MoneyField(source="refunded_amount")
    closing = serializers.BooleanField(source="is_closing")
    address = OrderAddressSerializer(source="*")
    actions = serializers.ListField(
        child=serializers.ChoiceField(
            choices=["pay", "cancel", "confirm", "refund", "review", "delete"]
        )
    )
    expiresAt = LocalTimeField(source="expires_at")
    paidAt = LocalTimeField(source="paid_at", allow_null=True)
    shippedAt = LocalTimeField(source="shipped_at", allow_null=True)
    completedAt = LocalTimeField(source="completed_at", allow_null=True)
    cancelledAt = LocalTimeField(source="cancelled_at", allow_null=True)
    remindedAt = LocalTimeField(source="reminded_at", allow_null=True)
    shipments = ShipmentSerializer(many=True)
    replacedBy = serializers.SlugRelatedField[Order](
        source="replaced_by", slug_field="order_no", read_only=True, allow_null=True
    )
    createdAt = LocalTimeField(source="created_at")
    updatedAt = LocalTimeField(source="updated_at")

    class Meta:
        model = Order
        fields = (
            "orderNo",
            "userId",
            "items",
            "goodsAmount",
            "freightAmount",
            "discountAmount",
            "totalAmount",
            "refundedAmount",
            "status",
            "closing",
            "address",
            "remark",
            "actions",
            "expiresAt",
            "paidAt",
            "shippedAt",
            "completedAt",
            "cancelledAt",
            "remindedAt",
            "shipments",
            "replacedBy",
            "createdAt",
            "updatedAt",
        )
        read_only_fields = fields


class QuoteLineSerializer(serializers.Serializer[Any]):
    """A line with its price of now."""

    productId = serializers.IntegerField(source="sku.product_id")
    skuId = serializers.IntegerField(source="sku.pk")
    name = serializers.CharField(source="sku.product.name")
    specs = serializers.DictField(source="sku.specs", child=serializers.CharField())
    price = MoneyField()
    quantity = serializers.IntegerField()
    amount = MoneyField()
    image = ImageField()


class QuoteSerializer(serializers.Serializer[Any]):
    """What an order would cost now."""

    items = QuoteLineSerializer(many=True, source="lines")
    goodsAmount = MoneyField(source="goods_amount")
    freightAmount = MoneyField(source="freight_amount")
    discountAmount = MoneyField(source="discount_amount")
    totalAmount = MoneyField(source="total_amount")
    couponId = serializers.IntegerField(source="coupon_id", allow_null=True)
    coupons = OfferSerializer(many=True, source="offers")


class CountsSerializer(serializers.Serializer[Any]):
    """How many orders of the shopper are in each state."""

    pending = serializers.IntegerField()
    paid = serializers.IntegerField()
    shipped = serializers.IntegerField()
    completed = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    refunding = serializers.IntegerField()


class PaymentParametersSerializer(serializers.Serializer[Any]):
    """What the mini-program hands to wx.requestPayment."""

    timeStamp = serializers.CharField()
    nonceStr = serializers.CharField()
    package = serializers.CharField()
    signType = serializers.ChoiceField(choices=["RSA"])
    paySign = serializers.CharField()
