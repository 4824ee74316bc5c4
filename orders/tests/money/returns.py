"""Goods go back before their money does, or never."""

from hypothesis.stateful import precondition, rule

from orders.services.refunds import (
    refund_agree_return,
    refund_return_parcel,
    returns_expire,
)
from orders.tests.money.grants import GrantRules
from orders.tests.money.rules import chosen, picks
from orders.tests.money.things import RETURN_TIME
from orders.tests.money.world import expected


class ReturnRules(GrantRules):
    """What becomes of a return before its money is granted."""

    @precondition(lambda self: any(one.is_return for one in self.shop.refunds))
    @rule(pick=picks)
    def agree_return(self, pick: int) -> None:
        wanted = [one for one in self.standing("requested") if one.is_return]
        refund = chosen(wanted, self.shop.refunds, pick)
        is_legal = refund in wanted and not refund.agreed_by
        with expected(is_legal):
            self.answered(refund_agree_return, refund, address="二号仓")
        if is_legal:
            refund.state = "to_return"
            refund.return_before = self.world.clock.now + RETURN_TIME

    @precondition(lambda self: self.standing("to_return"))
    @rule(pick=picks)
    def goods_return(self, pick: int) -> None:
        wanted = self.standing("to_return", "returning")
        refund = chosen(wanted, self.shop.refunds, pick)
        with expected(refund in wanted):
            refund_return_parcel(
                refund_no=refund.number,
                user_id=refund.order.shopper.pk,
                carrier="ZTO",
                tracking_no=f"ZT{pick}00",
            )
        if refund in wanted:
            refund.state = "returning"

    @precondition(lambda self: self.standing("to_return"))
    @rule()
    def return_expire(self) -> None:
        """The clock ends what was not sent in time, and nothing else."""
        now = self.world.clock.now
        returns_expire()
        for refund in self.standing("to_return"):
            is_late = refund.return_before and refund.return_before <= now
            if is_late and not refund.agreed_by:
                refund.state = "withdrawn"
