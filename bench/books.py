"""After everything was measured: are stock, orders and ledger right?"""

from bench.data import Data
from bench.writing import Tally
from shop.devstack.parts import DevstackError

_LAST = "SELECT max(id), (SELECT sum(stock) FROM catalog_sku) FROM orders_order"
_SINCE = """
SELECT count(DISTINCT item.order_id), coalesce(sum(quantity), 0),
    (SELECT sum(stock) FROM catalog_sku)
FROM orders_orderitem AS item WHERE order_id > {last}
"""


class Books:
    """The books of a run, opened before its first order."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._last, self._stock = self._numbers(_LAST)

    def _numbers(self, sql: str) -> list[int]:
        return [int(text) for text in self._data.ask(sql, "shop").split("|")]

    def check(self, tally: Tally) -> dict[str, int]:
        """Compare what was answered with what is written, and audit everything.

        Raises: DevstackError, when an order or a piece is missing, or a rule broken.
        """
        written, pieces, stock = self._numbers(_SINCE.format(last=self._last))
        if self._stock - stock != pieces:
            raise DevstackError(f"{self._stock - stock} pieces gone, {pieces} ordered")
        if not tally.answered <= written <= tally.answered + tally.in_flight:
            raise DevstackError(
                f"{written} orders written, {tally.answered} answered and at most"
                f" {tally.in_flight} more on their way"
            )
        self._data.manage("orders_audit")
        return {"orders": written, "pieces": pieces, "findings": 0}
