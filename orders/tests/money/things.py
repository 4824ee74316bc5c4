"""What the model is made of: goods, orders, payments and refunds, in fen."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

REFUND_TIME = timedelta(days=15)
CONFIRM_TIME = timedelta(days=10)
RETURN_TIME = timedelta(days=7)
SHOP_TIME = ZoneInfo("Asia/Shanghai")
# In fen. Some orders cost more than the one, and some days go to the other.
TWO_PERSON_ABOVE, DAY_CAP = 2500, 9000
# What a coupon takes off goods of at least so much.
COUPON_OFF, COUPON_FROM = 120, 500
# What the first piece costs to send, and each further one; goods of so much go free.
FREIGHT_FIRST, FREIGHT_FURTHER, FREIGHT_FREE_FROM = 90, 35, 4000
# Asked for, and staff have yet to grant it.
ASKED = ("requested", "to_return", "returning")


def yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2)


@dataclass(eq=False)
class Goods:
    """A product with its one SKU."""

    pk: int
    price: int
    stock: int
    sales: int = 0
    is_on_sale: bool = True


@dataclass(eq=False)
class Shopper:
    pk: int
    is_here: bool = True
    # What uses the one coupon that each holds.
    coupon_user: "Deal | None" = None


@dataclass(eq=False)
class Line:
    pk: int
    goods: Goods
    quantity: int
    shipped: int = 0
    # What the coupon has taken off it.
    off: int = 0

    @property
    def cost(self) -> int:
        return self.goods.price * self.quantity


@dataclass(eq=False)
class Attempt:
    """A payment: ours, and how it stands at WeChat."""

    number: str
    amount: int
    order: "Deal"
    expires_at: datetime
    state: str = "open"
    at_wechat: str = "NOTPAY"
    # The worker is to close it there.
    is_to_close: bool = False


@dataclass(eq=False)
class Return:
    """A refund: ours, and how it stands at WeChat."""

    number: str
    attempt: Attempt
    order: "Deal"
    kind: str
    state: str
    amount: int
    # Pieces, and how many of them had not left, by line; none of them: money alone.
    parts: dict[Line, tuple[int, int]] = field(default_factory=dict)
    # What the parts were worth: each line's, and the freight that goes with the last.
    worth: dict[Line, int] = field(default_factory=dict)
    freight: int = 0
    # What of that stays with the shop.
    kept: int = 0
    # Who of two has agreed, and when staff have granted it.
    agreed_by: int | None = None
    granted_at: datetime | None = None
    is_restocked: bool = False
    # The goods come back first, until then.
    is_return: bool = False
    return_before: datetime | None = None
    is_accepted: bool = False
    error: str = ""
    tries: int = 1
    # None: not heard of under the present number.
    at_wechat: str | None = None

    @property
    def out_number(self) -> str:
        return f"{self.number}T{self.tries:02d}"

    @property
    def is_ended(self) -> bool:
        return self.state in ("succeeded", "rejected", "withdrawn")

    @property
    def is_asked(self) -> bool:
        return self.state in ASKED

    @property
    def is_live(self) -> bool:
        return self.state not in ("rejected", "withdrawn")


@dataclass(eq=False)
class Deal:
    """An order."""

    number: str
    shopper: Shopper
    lines: list[Line]
    expires_at: datetime
    freight: int = 0
    discount: int = 0
    # What of the discount it was placed with came from the coupon; 0: it uses none.
    coupon: int = 0
    status: str = "pending"
    is_closing: bool = False
    # While closing before it is paid: since when, and when the sweep comes again.
    closing_at: datetime | None = None
    due_at: datetime | None = None
    attempts: list[Attempt] = field(default_factory=list)
    refunds: list[Return] = field(default_factory=list)
    shipped_at: datetime | None = None
    completed_at: datetime | None = None
    replaced_by: "Deal | None" = None

    @property
    def goods_amount(self) -> int:
        return sum(line.cost for line in self.lines)

    @property
    def total(self) -> int:
        return self.goods_amount + self.freight - self.discount

    @property
    def payment(self) -> Attempt | None:
        """Return the one that paid for it."""
        paid = [one for one in self.attempts if one.state == "succeeded"]
        assert len(paid) <= 1
        return paid[0] if paid else None

    @property
    def open_attempt(self) -> Attempt | None:
        opened = [one for one in self.attempts if one.state == "open"]
        assert len(opened) <= 1
        return opened[0] if opened else None

    @property
    def is_ended(self) -> bool:
        return self.status in ("completed", "cancelled")

    @property
    def has_left(self) -> bool:
        """Tell whether some parcel has left."""
        return any(line.shipped for line in self.lines)

    def live(self, *, kinds: Iterable[str] = ()) -> list[Return]:
        """Return the refunds of its own money that count."""
        return [
            one
            for one in self.refunds
            if one.is_live and one.parts and (not kinds or one.kind in kinds)
        ]

    def free(self, line: Line) -> int:
        """Count the pieces that are in no refund."""
        taken = sum(one.parts.get(line, (0, 0))[0] for one in self.live())
        return line.quantity - taken

    def left(self, line: Line) -> int:
        """Count the pieces that can leave: those of a refund can't."""
        held = sum(one.parts.get(line, (0, 0))[1] for one in self.live())
        return line.quantity - line.shipped - held

    def alone(self, line: Line) -> int:
        """Add up the money that was given for a line without a piece."""
        return sum(
            one.worth[line]
            for one in self.live()
            if line in one.parts and not one.parts[line][0]
        )

    def taken(self, line: Line) -> int:
        """Add up what the pieces of a line that are in refunds were worth."""
        return sum(
            one.worth[line]
            for one in self.live()
            if line in one.parts and one.parts[line][0]
        )

    @property
    def remaining(self) -> int:
        """Return what neither goes back nor is kept."""
        return self.total - sum(one.amount + one.kept for one in self.live())

    def is_done(self, refunds: Iterable[Return]) -> bool:
        """Tell whether every piece has left, or is in `refunds` unshipped."""
        refunds = list(refunds)
        return all(
            line.shipped + sum(one.parts.get(line, (0, 0))[1] for one in refunds)
            == line.quantity
            for line in self.lines
        )
