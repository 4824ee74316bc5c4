"""Shoppers: each orders again and again, as a mini-program would."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

from torture.faults.dice import dice_make
from torture.faults.errands import Errand, Errands
from torture.faults.journal import Deed, Journal
from torture.faults.line import Answer, Line
from torture.faults.place import Place

ADDRESS = {
    "name": "张三",
    "phone": "13800138000",
    "province": "广东省",
    "city": "深圳市",
    "district": "南山区",
    "detail": "科技园1号",
}
POLL_SECONDS = 0.2
LINES_MAX = 3
# What becomes of an order, and how often of ten.
_FATES = {
    "ship": 3,
    "refund": 2,
    "cancel paid": 2,
    "cancel begun": 1,
    "cancel": 1,
    "leave": 1,
}


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that was acknowledged."""

    number: str
    total_fen: int


class Shopper:
    """One shopper; what she does is drawn from her own dice."""

    def __init__(
        self, name: str, place: Place, journal: Journal, line: Line, seed: str
    ) -> None:
        self._name = name
        self._place = place
        self._journal = journal
        self._line = line
        self._dice = dice_make(f"{seed} {name}")
        self._numbers = count(1)

    def login(self) -> None:
        """Open a session.

        Raises: GaveUp.
        """
        body = {"code": f"sim-{self._name}"}
        answer = self._line.call("POST", self._url("/auth/login"), json=body)
        token = answer.data["token"]
        self._line.http.headers["Authorization"] = f"Bearer {token}"

    def visit(self, errands: Errands) -> None:
        """Place an order and let something become of it.

        Raises: GaveUp.
        """
        self._line.wait(self._dice.uniform(0.1, 0.8))
        order = self.place()
        fate = self._dice.choices([*_FATES], [*_FATES.values()])[0]
        if order is None or fate == "leave":
            return
        if fate == "cancel begun":
            self._begin_to_pay(order)
        elif fate != "cancel":
            self.pay(order)
        if fate.startswith("cancel"):
            self.cancel(order)
        elif fate == "refund":
            self._money_back(order, errands)
        elif fate == "ship":
            errands.put(Errand(Deed.SHIPPED, order.number))
            self.wait_until(order, "shipped")
            self._confirm(order)

    def place(self) -> Placed | None:
        """Order one to three products; None when they are sold out.

        Raises: GaveUp.
        """
        products = self._place.products
        most = min(len(products), LINES_MAX)
        chosen = self._dice.sample(products, self._dice.randint(1, most))
        lines = [
            {"productId": product, "quantity": self._dice.randint(1, 3)}
            for product in chosen
        ]
        key = f"{self._name}-{next(self._numbers)}"
        self._journal.key_note(key)
        answer = self._line.call(
            "POST",
            self._url("/orders"),
            json={"items": lines, "address": ADDRESS},
            headers={"Idempotency-Key": key},
        )
        if not answer.is_done:
            if answer.error != "insufficient_stock":
                self._journal.surprise(f"place {key}: {answer}")
            return None
        number, total = answer.data["orderNo"], fen(answer.data["totalAmount"])
        self._journal.note(Deed.PLACED, number, amount=total, proof=key)
        return Placed(number, total)

    def pay(self, order: Placed) -> None:
        """Pay at WeChat and wait until the shop knows.

        Raises: GaveUp.
        """
        wish = {"prepayId": self._begin_to_pay(order)}
        paid = self._line.call("POST", f"{self._place.wechat}/_sim/pay", json=wish)
        if paid.is_done:
            transaction = paid.body["transactionId"]
            self._journal.note(
                Deed.PAID, order.number, amount=order.total_fen, proof=transaction
            )
        elif paid.tries == 1:
            self._journal.surprise(f"pay {order.number} at WeChat: {paid}")
        self.wait_until(order, "paid")

    def cancel(self, order: Placed) -> None:
        """Cancel an order that has not left.

        Raises: GaveUp.
        """
        answer = self._order_call(order, "/cancel", reason="不想要了")
        if answer.is_done:
            self._journal.note(Deed.CANCELLED, order.number)
        else:
            self._was_done(answer, f"cancel {order.number}", "illegal_transition")

    def wait_until(self, order: Placed, status: str) -> None:
        """Look at an order again and again.

        Raises: GaveUp.
        """
        url = self._url(f"/orders/{order.number}")
        while self._line.call("GET", url).data["status"] != status:
            self._line.wait(POLL_SECONDS)

    def _begin_to_pay(self, order: Placed) -> str:
        """Return the prepay_id with which WeChat would ask for the password."""
        answer = self._order_call(order, "/pay")
        if not answer.is_done:
            self._journal.surprise(f"pay {order.number}: {answer}")
            return ""
        return str(answer.data["package"].removeprefix("prepay_id="))

    def _money_back(self, order: Placed, errands: Errands) -> None:
        """Ask for all of it; a clerk will grant it."""
        answer = self._order_call(order, "/refunds", reason="拍错了")
        if answer.is_done:
            number, amount = answer.data["refundNo"], fen(answer.data["amount"])
            self._journal.note(Deed.ASKED, number, amount=amount)
        else:
            self._was_done(answer, f"refund {order.number}", "refund_pending")
            url = self._url(f"/orders/{order.number}/refunds")
            [refund] = self._line.call("GET", url).data["list"]
            number = refund["refundNo"]
        errands.put(Errand(Deed.GRANTED, number))

    def _confirm(self, order: Placed) -> None:
        answer = self._order_call(order, "/confirm")
        if answer.is_done:
            self._journal.note(Deed.CONFIRMED, order.number)
        else:
            self._was_done(answer, f"confirm {order.number}", "illegal_transition")

    def _order_call(self, order: Placed, path: str, **body: Any) -> Answer:
        url = self._url(f"/orders/{order.number}{path}")
        return self._line.call("POST", url, json=body)

    def _url(self, path: str) -> str:
        return f"{self._place.shop}/api{path}"

    def _was_done(self, answer: Answer, what: str, error: str) -> None:
        """Take a refusal: an earlier try, whose answer was lost, has done it."""
        if answer.tries == 1 or answer.error != error:
            self._journal.surprise(f"{what}: {answer}")


def fen(yuan: str) -> int:
    """Return an amount of the API in fen."""
    return int(Decimal(yuan) * 100)
