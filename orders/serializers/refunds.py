"""Refunds on the wire: what shoppers ask for and what became of it."""

from collections import Counter
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.carriers import CARRIERS, TRACKING_NO, TRACKING_NO_TOLD
from orders.models import Refund, RefundEvent, RefundItem, RefundKind, RefundState
from orders.models.order_item import LINES_MAX, QUANTITY_MAX
from orders.models.refund_states import ASKED
from shop.api.images import ImageField
from shop.api.serializers import (
    IdField,
    LocalTimeField,
    MoneyField,
    ShopModelSerializer,
    ShopSerializer,
    WholeNumberField,
)
from shop.api.text import PlainTextField

IMAGES_MAX = 9
MONEY, RETURN = "money", "return"
TYPES = ((MONEY, "仅退款"), (RETURN, "退货退款"))
_STEPS = {
    RefundState.REQUESTED: "退款申请已提交",
    RefundState.TO_RETURN: "商家已同意退货,请寄回商品",
    RefundState.RETURNING: "商品已寄回,等待商家收货",
    RefundState.PROCESSING: "微信支付正在退款",
    RefundState.SUCCEEDED: "退款已到账",
    RefundState.FAILED: "退款遇到问题,商家正在处理",
    RefundState.REJECTED: "商家已拒绝退款",
    RefundState.WITHDRAWN: "退款申请已撤回",
}
_APPROVALS = {
    "": "退款已发起",
    RefundState.REQUESTED: "商家已同意退款",
    RefundState.TO_RETURN: "商家已同意退款",
    RefundState.RETURNING: "商家已收到退货,同意退款",
    RefundState.FAILED: "退款已重新发起",
}


class PiecesSerializer(ShopSerializer):
    """Pieces of one line of the order."""

    itemId = IdField(label="商品")
    quantity = WholeNumberField(label="数量", min_value=1, max_value=QUANTITY_MAX)


class PicturesField(serializers.ListField):
    """Pictures that were uploaded before; too many are not even looked for."""

    child = ImageField()

    def to_internal_value(self, data: Any) -> list[str]:
        if isinstance(data, list):
            self.run_validators(data)
        names: list[str] = super().to_internal_value(data)
        return names


class RefundRequestSerializer(ShopSerializer):
    """A refund as a shopper asks for it; without `items` of all that is left."""

    type = serializers.ChoiceField(
        label="退款类型",
        choices=TYPES,
        required=False,
        allow_null=True,
        help_text="money: the goods stay, or never left; return: they come back first",
    )
    reason = PlainTextField(label="退款原因", max_length=200)
    # many=True would allow null for each line, too.
    items = serializers.ListSerializer[Any](
        child=PiecesSerializer(),
        label="商品",
        max_length=LINES_MAX,
        allow_empty=False,
        required=False,
        allow_null=True,
    )
    images = PicturesField(
        label="图片", max_length=IMAGES_MAX, required=False, allow_null=True
    )

    @property
    def is_return(self) -> bool:
        """Tell whether the goods come back; not unless it is said."""
        return bool(self.validated_data.get("type") == RETURN)

    @property
    def quantities(self) -> dict[int, int] | None:
        """Return the pieces by line, duplicate lines merged; None is all."""
        lines = self.validated_data.get("items")
        if lines is None:
            return None
        pieces: Counter[int] = Counter()
        for line in lines:
            pieces[line["itemId"]] += line["quantity"]
        return dict(pieces)


class ReturnParcelSerializer(ShopSerializer):
    """The parcel in which goods come back, as staff would type one."""

    carrier = serializers.ChoiceField(label="快递公司", choices=[*CARRIERS.items()])
    trackingNo = serializers.RegexField(
        TRACKING_NO,
        label="快递单号",
        error_messages={"invalid": TRACKING_NO_TOLD},
    )

    def validate_trackingNo(self, value: str) -> str:
        """Return it in capitals: one parcel has one number."""
        return value.upper()


class RefundFilterSerializer(ShopSerializer):
    """How a list of refunds is narrowed; an empty value is as good as none."""

    status = serializers.ChoiceField(
        label="状态", choices=RefundState.choices, required=False, allow_blank=True
    )


class RefundItemSerializer(ShopModelSerializer):
    """Pieces of a line, as it was when the order was placed."""

    itemId = serializers.IntegerField(source="order_item_id")
    name = serializers.CharField(source="order_item.name")
    specs = serializers.DictField(
        source="order_item.specs", child=serializers.CharField()
    )
    image = ImageField(source="order_item.image")
    amount = MoneyField(source="told_amount")

    class Meta:
        model = RefundItem
        fields = ("itemId", "name", "specs", "image", "quantity", "amount")


class RefundStepSerializer(ShopModelSerializer):
    """An event as its shopper sees it: what happened, and never who of the staff."""

    status = serializers.ChoiceField(source="to_state", choices=RefundState.choices)
    text = serializers.SerializerMethodField()
    at = LocalTimeField(source="created_at")
    note = serializers.SerializerMethodField()

    class Meta:
        model = RefundEvent
        fields = ("status", "text", "at", "note")

    def get_text(self, event: RefundEvent) -> str:
        """Say in words what happened."""
        if event.to_state == RefundState.APPROVED:
            is_new = event.refund.kind == RefundKind.STAFF
            is_asked = event.from_state in ASKED
            # Two people of the staff have said so: the shopper never asked.
            return _APPROVALS["" if is_new and is_asked else event.from_state]
        return _STEPS[RefundState(event.to_state)]

    def get_note(self, event: RefundEvent) -> str:
        """Return what a person wrote, or why it began or ended by itself.

        WeChat's codes are ours.
        """
        is_told = event.operator_id or event.to_state == RefundState.WITHDRAWN
        return event.reason if is_told or not event.from_state else ""


class RefundSerializer(ShopModelSerializer):
    """A refund as its shopper sees it; `items` and `events` come prefetched."""

    refundNo = serializers.CharField(source="refund_no")
    orderNo = serializers.CharField(source="order.order_no")
    type = serializers.SerializerMethodField()
    status = serializers.ChoiceField(source="state", choices=RefundState.choices)
    actions = serializers.ListField(
        child=serializers.ChoiceField(choices=["return", "withdraw"])
    )
    amount = MoneyField(source="told_amount")
    requestedAmount = MoneyField(source="asked_amount")
    items = RefundItemSerializer(many=True)
    images = serializers.ListField(child=ImageField())
    timeline = RefundStepSerializer(many=True, source="steps")
    answer = serializers.CharField(source="told_answer")
    returnAddress = serializers.CharField(source="return_address")
    returnBefore = LocalTimeField(source="return_before", allow_null=True)
    returnCarrier = serializers.CharField(source="return_carrier")
    returnTrackingNo = serializers.CharField(source="return_tracking_no")
    returnedAt = LocalTimeField(source="returned_at", allow_null=True)
    createdAt = LocalTimeField(source="created_at")
    acceptedAt = LocalTimeField(source="accepted_at", allow_null=True)
    succeededAt = LocalTimeField(source="succeeded_at", allow_null=True)

    class Meta:
        model = Refund
        fields = (
            "refundNo",
            "orderNo",
            "kind",
            "type",
            "status",
            "actions",
            "amount",
            "requestedAmount",
            "items",
            "reason",
            "images",
            "answer",
            "timeline",
            "returnAddress",
            "returnBefore",
            "returnCarrier",
            "returnTrackingNo",
            "returnedAt",
            "createdAt",
            "acceptedAt",
            "succeededAt",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=TYPES))
    def get_type(self, refund: Refund) -> str:
        """Say whether the goods come back."""
        return RETURN if refund.is_return else MONEY
