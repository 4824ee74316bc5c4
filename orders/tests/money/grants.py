"""What staff grant: by line, in pairs, within a day's cap; or what they refuse."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from orders.services.refunds import (
    Amounts,
    refund_approve,
    refund_by_staff,
    refund_confirm,
    refund_reject,
    refund_send_back,
    refund_withdraw,
)
from orders.tests.money.refunds import RefundRules
from orders.tests.money.rules import chosen, picks, pieces
from orders.tests.money.things import (
    ASKED,
    RETURN_TIME,
    TWO_PERSON_ABOVE,
    Deal,
    Line,
    Return,
    yuan,
)
from orders.tests.money.world import expected


class GrantRules(RefundRules):
    """What staff answer, and what they give by themselves."""

    @precondition(lambda self: self.refundable())
    @rule(pick=picks, counts=pieces, is_restocked=st.booleans())
    def refund_by_staff(self, pick: int, counts: list[int], is_restocked: bool) -> None:
        deal = chosen(self.refundable(), self.shop.orders, pick)
        wanted = self.wish(deal, counts)
        fits = self.is_within(deal, wanted)
        worth = self.shop.worth(deal, wanted) if fits else Fraction(0)
        self.given(deal, wanted, worth, {}, is_legal=fits, is_restocked=is_restocked)

    @precondition(lambda self: self.refundable())
    @rule(pick=picks, amount=st.integers(1, 400), is_too_much=st.booleans())
    def compensate(self, pick: int, amount: int, is_too_much: bool) -> None:
        """Give money for a line whose goods stay: not so much that nothing is left."""
        deal = self.refundable()[pick % len(self.refundable())]
        line = deal.lines[pick % len(deal.lines)]
        if is_too_much:
            amount += 2 + int(self.shop.line_cost(deal, line))
        elif not self.leaves_some(deal, line, amount):
            return
        amounts = {line.pk: yuan(amount)}
        wanted, worth = {line: 0}, Fraction(amount)
        self.given(deal, wanted, worth, amounts, is_legal=not is_too_much)

    def leaves_some(self, deal: Deal, line: Line, amount: int) -> bool:
        """Tell whether the next piece of the line is still worth something then."""
        if not deal.free(line):
            return False
        so_far = line.quantity - deal.free(line) + 1
        cost = self.shop.line_cost(deal, line) - deal.alone(line) - amount
        return cost * so_far / line.quantity - deal.taken(line) > 10

    def given(
        self,
        deal: Deal,
        wanted: dict[Line, int],
        worth: Fraction,
        amounts: dict[int, Decimal],
        *,
        is_legal: bool,
        is_restocked: bool = False,
    ) -> None:
        """Let staff give back what is worth so much, to within a few fen."""
        limit = TWO_PERSON_ABOVE - self.shop.granted_of(deal)
        left = self.shop.left_today()
        if min(abs(limit - worth), abs(left - worth)) < 2 * len(wanted):
            # The model's roundings are not good enough to say.
            return
        is_second_due = worth > limit
        waiting = [one for one in deal.refunds if one.is_asked]
        is_held = any(one.agreed_by or is_second_due for one in waiting)
        is_legal = is_legal and self.shop.is_refundable(deal) and not is_held
        is_legal = is_legal and (is_second_due or worth <= left)
        before = {one.number for one in deal.refunds}
        with expected(is_legal):
            refund_by_staff(
                order_id=self.world.order_of(deal).pk,
                operator_id=self.world.staff.pk,
                reason="少发",
                quantities={line.pk: count for line, count in wanted.items() if count},
                amounts=Amounts(amounts),
                is_restocked=is_restocked,
            )
        if not is_legal:
            return
        state = "requested" if is_second_due else "approved"
        made = self.begun(
            deal, "staff", state, wanted, before, is_restocked=is_restocked
        )
        if is_second_due:
            made.agreed_by = self.world.staff.pk
        else:
            made.granted_at = self.world.clock.now

    @precondition(lambda self: self.standing(*ASKED))
    @rule(
        pick=picks,
        answer=st.sampled_from(["approve", "approve", "reject", "withdraw"]),
        is_restocked=st.booleans(),
        percent=st.sampled_from([100, 100, 60, 0]),
    )
    def refund_answer(
        self, pick: int, answer: str, is_restocked: bool, percent: int
    ) -> None:
        asked = self.standing(*ASKED)
        refund = chosen(asked, self.shop.refunds, pick)
        is_legal = refund in asked
        if answer == "approve":
            self.approve(refund, is_legal, is_restocked, percent)
            return
        is_own = refund.kind == "after_sale" and refund.state != "returning"
        is_legal = is_legal and (answer == "reject" or is_own)
        with expected(is_legal):
            if answer == "reject":
                self.answered(refund_reject, refund, answer="已拆封")
            else:
                refund_withdraw(
                    refund_no=refund.number, user_id=refund.order.shopper.pk
                )
        if is_legal:
            refund.state = {"reject": "rejected", "withdraw": "withdrawn"}[answer]

    def answered(self, service: Any, refund: Return, **fields: Any) -> None:
        call = {"operator_id": self.world.staff.pk, **fields}
        service(refund_id=self.world.refund_of(refund).pk, **call)

    def approve(
        self, refund: Return, is_legal: bool, is_restocked: bool, percent: int
    ) -> None:
        """Grant so much of each line and of the freight, or agree as the first."""
        given = {line: one * percent // 100 for line, one in refund.worth.items()}
        freight = refund.freight * percent // 100
        amount = sum(given.values()) + freight
        is_second_due = amount + self.shop.granted_of(refund.order) > TWO_PERSON_ABOVE
        is_legal = is_legal and not refund.agreed_by and amount > 0
        is_legal = is_legal and self.is_kept_of_what_left(refund, given, freight)
        is_legal = is_legal and (is_second_due or amount <= self.shop.left_today())
        amounts = {line.pk: yuan(one) for line, one in given.items()}
        with expected(is_legal):
            self.answered(
                refund_approve,
                refund,
                is_restocked=is_restocked,
                amounts=Amounts(amounts, yuan(freight)),
            )
        if not is_legal:
            return
        refund.kept += refund.amount - amount
        refund.amount, refund.is_restocked = amount, is_restocked
        if is_second_due:
            refund.agreed_by = self.world.staff.pk
        else:
            self.shop.grant(refund)

    def is_kept_of_what_left(
        self, refund: Return, given: dict[Line, int], freight: int
    ) -> bool:
        """Tell whether all that never left is paid back whole."""
        for line, one in given.items():
            count, unshipped = refund.parts[line]
            if count and one * count < refund.worth[line] * unshipped:
                return False
        return freight == refund.freight or refund.order.has_left

    def agreed(self) -> list[Return]:
        return [one for one in self.standing(*ASKED) if one.agreed_by]

    @precondition(lambda self: self.agreed())
    @rule(pick=picks, is_second=st.sampled_from([True, True, False]))
    def confirm(self, pick: int, is_second: bool) -> None:
        refund = chosen(self.agreed(), self.shop.refunds, pick)
        row = self.world.refund_of(refund)
        is_legal = refund in self.agreed() and is_second
        is_legal = is_legal and refund.amount <= self.shop.left_today()
        operator = self.world.second if is_second else self.world.staff
        with expected(is_legal):
            refund_confirm(
                refund_id=row.pk,
                operator_id=operator.pk,
                agreed_at=row.agreed_at or self.world.clock.now,
            )
        if is_legal:
            self.shop.grant(refund)

    @precondition(lambda self: self.agreed())
    @rule(pick=picks)
    def send_back(self, pick: int) -> None:
        refund = chosen(self.agreed(), self.shop.refunds, pick)
        is_legal = refund in self.agreed() and refund.kind == "after_sale"
        with expected(is_legal):
            self.answered(refund_send_back, refund, note="再核对")
        if is_legal:
            refund.amount, refund.kept = refund.amount + refund.kept, 0
            refund.agreed_by, refund.is_restocked = None, False
            if refund.state == "to_return":
                refund.return_before = self.world.clock.now + RETURN_TIME
