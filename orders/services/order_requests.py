"""What a shopper asks for, and where it is to go."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from accounts.models import Address
from shop.errors import NotFound


@dataclass(frozen=True, slots=True)
class Wish:
    """One line as the shopper sent it; without a SKU for a product that has one."""

    product_id: int
    sku_id: int | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the goods go: copied onto the order."""

    name: str
    phone: str
    province: str
    city: str
    district: str
    detail: str

    def fields(self) -> dict[str, str]:
        """Return the address by the names of its fields."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """What a shopper asks for, as sent: an address written out or one of the book.

    `from_cart`: what is ordered leaves the cart. `coupon_id` is of the coupon, not of
    what the shopper holds of it.
    """

    wishes: Sequence[Wish]
    destination: Destination | None = None
    address_id: int | None = None
    remark: str = ""
    from_cart: bool = False
    coupon_id: int | None = None

    def digest(self) -> str:
        """Return a hash of everything that makes this request what it is.

        The order of the lines does not count.
        """
        # Not by `asdict`, which takes four times as long; the text must stay the same.
        wishes = [
            {
                "product_id": wish.product_id,
                "sku_id": wish.sku_id,
                "quantity": wish.quantity,
            }
            for wish in self.wishes
        ]
        facts = {
            "wishes": sorted(map(str, wishes)),
            "destination": self.destination and self.destination.fields(),
            "address_id": self.address_id,
            "remark": self.remark,
        }
        if self.from_cart:
            facts["from_cart"] = True
        if self.coupon_id is not None:
            facts["coupon_id"] = self.coupon_id
        text = json.dumps(facts, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def destination_of(*, user_id: int, request: OrderRequest) -> Destination | None:
    """Return the address that was sent or named.

    Raises: NotFound, when the named one is not one of the shopper's own.
    """
    if request.address_id is None:
        return request.destination
    own = Address.objects.filter(user_id=user_id, pk=request.address_id)
    values = own.values(*Destination.__dataclass_fields__).first()
    if values is None:
        raise NotFound("地址不存在")
    return Destination(**values)
