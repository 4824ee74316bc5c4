"""Where parcels are, on the wire."""

from typing import Any

from rest_framework import serializers

from orders.services.logistics import TraceStatus
from shop.api.serializers import LocalTimeField
from shop.tracking import STATES


class TraceStepSerializer(serializers.Serializer[Any]):
    """What a carrier has written down."""

    at = LocalTimeField()
    text = serializers.CharField()


class TracedParcelSerializer(serializers.Serializer[Any]):
    """A parcel, and its trace, newest first; without one `notice` says why."""

    carrier = serializers.CharField()
    carrierName = serializers.CharField(source="carrier_name")
    trackingNo = serializers.CharField(source="tracking_no")
    sentAt = LocalTimeField(source="sent_at")
    refundNo = serializers.CharField(
        source="refund_no", help_text="of a return; empty for what the shop has sent"
    )
    traceStatus = serializers.ChoiceField(source="status", choices=[*TraceStatus])
    notice = serializers.CharField()
    state = serializers.ChoiceField(
        choices=[*STATES.items()],
        allow_blank=True,
        help_text="empty while nothing is known",
    )
    trace = TraceStepSerializer(many=True, source="steps")


class LogisticsSerializer(serializers.Serializer[Any]):
    """All parcels of an order, those of returns last."""

    parcels = TracedParcelSerializer(many=True)
