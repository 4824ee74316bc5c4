"""Where an order's parcels are: to the shopper, and back from there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orders.carriers import CARRIERS
from orders.models import Order
from shop.tracking import STATES, Trace, TraceStep, TraceUnavailable, trace_of


class TraceStatus(StrEnum):
    """Whether there is a trace to show, or why not."""

    KNOWN = "known"
    PENDING = "pending"
    UNAVAILABLE = "unavailable"
    UNSUPPORTED = "unsupported"


NOTICES = {
    TraceStatus.KNOWN: "",
    TraceStatus.PENDING: "暂无物流信息,请稍后再看",
    TraceStatus.UNAVAILABLE: "物流查询暂时不可用,请稍后再试",
    TraceStatus.UNSUPPORTED: "暂不支持查询这个包裹的物流",
}


@dataclass(frozen=True, slots=True)
class TracedParcel:
    """A parcel of an order, or of its return `refund_no`, and where it is."""

    carrier: str
    tracking_no: str
    sent_at: datetime | None
    refund_no: str
    status: TraceStatus
    state: str = ""
    steps: Sequence[TraceStep] = ()

    @property
    def carrier_name(self) -> str:
        """Return the carrier as people call it."""
        return CARRIERS.get(self.carrier, self.carrier)

    @property
    def state_name(self) -> str:
        """Return in words where it is; empty while nothing is known."""
        return STATES.get(self.state, "")

    @property
    def notice(self) -> str:
        """Say why there is no trace; empty when there is one."""
        return NOTICES[self.status]


def parcels_traced(order: Order) -> list[TracedParcel]:
    """Return all parcels of an order that comes with `shipments` and `refunds`.

    One of which nothing can be learnt is there all the same, and says so.

    Raises: RuntimeError, in a transaction.
    """
    return [*_sent(order), *_returned(order)]


def _sent(order: Order) -> Iterator[TracedParcel]:
    for parcel in order.shipments.all():
        yield _traced(order, parcel.carrier, parcel.tracking_no, parcel.shipped_at)


def _returned(order: Order) -> Iterator[TracedParcel]:
    for refund in order.refunds.all():
        if refund.returned_at:
            yield _traced(
                order,
                refund.return_carrier,
                refund.return_tracking_no,
                refund.returned_at,
                refund.refund_no,
            )


def _traced(
    order: Order,
    carrier: str,
    tracking_no: str,
    sent_at: datetime | None,
    refund_no: str = "",
) -> TracedParcel:
    facts = (carrier, tracking_no, sent_at, refund_no)
    try:
        # The shopper stands at one end of either way.
        trace = trace_of(carrier=carrier, tracking_no=tracking_no, phone=order.phone)
    except TraceUnavailable:
        return TracedParcel(*facts, TraceStatus.UNAVAILABLE)
    if trace is None:
        return TracedParcel(*facts, TraceStatus.UNSUPPORTED)
    return TracedParcel(*facts, _status(trace), trace.state, trace.steps)


def _status(trace: Trace) -> TraceStatus:
    return TraceStatus.KNOWN if trace.steps else TraceStatus.PENDING
