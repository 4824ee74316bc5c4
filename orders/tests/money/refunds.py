"""Money is asked for, sent, and comes to its end."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from orders.models import Refund
from orders.services.refunds import refund_request, refund_retry, refunds_follow
from orders.tests.conftest import work
from orders.tests.money.rules import Rules, chosen, picks, pieces
from orders.tests.money.things import REFUND_TIME, Deal, Line, Return
from orders.tests.money.world import expected


class RefundRules(Rules):
    """What becomes of a refund."""

    def wish(self, deal: Deal, counts: list[int]) -> dict[Line, int]:
        """Return pieces by line; none at all means all that is left."""
        return self.some(deal, counts) or {
            line: deal.free(line) for line in deal.lines if deal.free(line)
        }

    def is_within(self, deal: Deal, wanted: dict[Line, int]) -> bool:
        fits = all(count <= deal.free(line) for line, count in wanted.items())
        return bool(wanted) and fits

    def begun(
        self,
        deal: Deal,
        kind: str,
        state: str,
        wanted: dict[Line, int],
        before: set[str],
        *,
        is_restocked: bool = False,
        is_return: bool = False,
    ) -> Return:
        """Learn the number and the amounts of the refund that has just begun."""
        rows = Refund.objects.filter(order__order_no=deal.number)
        row = rows.exclude(refund_no__in=before).get()
        amount = int(row.amount * 100)
        is_alone = not any(wanted.values())
        assert is_alone or self.shop.is_right_amount(deal, wanted, amount), amount
        assert deal.payment
        made = Return(row.refund_no, deal.payment, deal, kind, state, amount)
        made.is_restocked = is_restocked
        made.is_return = is_return
        made.parts = self.shop.set_aside(deal, wanted, is_return=is_return)
        lines = {line.pk: line for line in deal.lines}
        made.worth = {
            lines[part.order_item_id]: int(part.worth * 100) for part in row.items.all()
        }
        made.freight = amount - sum(made.worth.values())
        deal.refunds.append(made)
        if state == "approved":
            self.shop.granted(deal)
        return made

    def refundable(self) -> list[Deal]:
        return list(filter(self.shop.is_refundable, self.shop.orders))

    @precondition(lambda self: self.refundable())
    @rule(pick=picks, counts=pieces, is_return=st.booleans())
    def refund_ask(self, pick: int, counts: list[int], is_return: bool) -> None:
        deal = chosen(self.refundable(), self.shop.orders, pick)
        self.ask(deal, counts, is_return=is_return)

    def ask(self, deal: Deal, counts: list[int], *, is_return: bool = False) -> None:
        wanted = self.wish(deal, counts)
        late = self.world.clock.now - REFUND_TIME
        is_legal = (
            self.shop.is_refundable(deal)
            and not (deal.completed_at and deal.completed_at < late)
            and not any(one.is_asked for one in deal.refunds)
            and self.is_within(deal, wanted)
            and not (is_return and self.has_unshipped(deal, wanted))
        )
        before = {one.number for one in deal.refunds}
        quantities = {line.pk: count for line, count in wanted.items()}
        with expected(is_legal):
            refund_request(
                order_no=deal.number,
                user_id=deal.shopper.pk,
                reason="不合适",
                quantities=quantities if any(counts) else None,
                is_return=is_return,
            )
        if is_legal:
            how = {"is_return": is_return}
            self.begun(deal, "after_sale", "requested", wanted, before, **how)

    def has_unshipped(self, deal: Deal, wanted: dict[Line, int]) -> bool:
        """Tell whether some of the pieces have not left: they can't come back."""
        return any(
            count > deal.free(line) - deal.left(line) for line, count in wanted.items()
        )

    def standing(self, *states: str) -> list[Return]:
        return [one for one in self.shop.refunds if one.state in states]

    @precondition(lambda self: self.standing("failed"))
    @rule(pick=picks)
    def refund_retry(self, pick: int) -> None:
        failed = [one for one in self.standing("failed") if one.error != "ABNORMAL"]
        refund = chosen(failed, self.shop.refunds, pick)
        with expected(refund in failed):
            refund_retry(
                refund_id=self.world.refund_of(refund).pk,
                operator_id=self.world.staff.pk,
            )
        if refund in failed:
            if refund.error == "CLOSED":
                refund.tries += 1
                refund.at_wechat = None
            refund.state, refund.error = "approved", ""

    @precondition(lambda self: self.standing("approved"))
    @rule(
        trouble=st.sampled_from(["", "", "lost", "NOT_ENOUGH", "USER_ACCOUNT_ABNORMAL"])
    )
    def send(self, trouble: str) -> None:
        """The worker sends what is queued; the first of it meets the trouble."""
        first = min(self.standing("approved"), key=self.world.queued_at)
        simulator = self.world.simulator
        if trouble == "lost":
            simulator.fault("refund", "drop_reply")
        elif first.at_wechat:
            # It knows this one already, and refuses nothing.
            trouble = ""
        elif trouble:
            simulator.refuse_refunds(trouble)
        self.work(trouble)

    def work(self, trouble: str = "") -> None:
        waiting = sorted(self.standing("approved"), key=self.world.queued_at)
        closing = [one for one in self.shop.attempts if one.is_to_close]
        work()
        for attempt in closing:
            attempt.is_to_close = False
            if attempt.at_wechat == "SUCCESS":
                self.world.settled(attempt)
            else:
                attempt.at_wechat = "CLOSED"
        for refund in waiting:
            if trouble == "lost":
                refund.at_wechat = refund.at_wechat or "PROCESSING"
            elif trouble == "NOT_ENOUGH":
                self.shop.note_refund(refund, trouble)
            elif trouble:
                self.shop.refused(refund, trouble)
            else:
                self.sent(refund)
            trouble = ""

    def sent(self, refund: Return) -> None:
        refund.at_wechat = refund.at_wechat or "PROCESSING"
        self.shop.told(refund, refund.at_wechat)

    @precondition(lambda self: self.held())
    @rule(
        pick=picks,
        status=st.sampled_from(["SUCCESS", "SUCCESS", "CLOSED", "ABNORMAL"]),
        is_told=st.booleans(),
    )
    def decide(self, pick: int, status: str, is_told: bool) -> None:
        """WeChat ends a refund, or staff end it on the merchant platform."""
        refund = self.held()[pick % len(self.held())]
        self.decided(refund, status, is_told=is_told)

    def decided(self, refund: Return, status: str, *, is_told: bool = True) -> None:
        if not is_told:
            self.world.simulator.fault("notify", "never")
        told = self.world.simulator.refund_decide(refund.out_number, status)
        assert told == (204 if is_told else None)
        refund.at_wechat = status
        if is_told:
            self.shop.told(refund, status)

    def held(self) -> list[Return]:
        undecided = ("PROCESSING", "ABNORMAL")
        return [one for one in self.shop.refunds if one.at_wechat in undecided]

    @precondition(lambda self: self.standing("approved", "processing", "failed"))
    @rule()
    def follow(self) -> None:
        """The minute's run asks about whatever has no end, and sends the unsent."""
        now = self.world.clock.now
        Refund.objects.filter(due_at__isnull=False).update(due_at=now)
        refunds_follow()
        for refund in self.shop.refunds:
            is_abnormal = refund.state == "failed" and refund.error == "ABNORMAL"
            if refund.state == "approved":
                self.sent(refund)
            elif refund.state == "processing" or is_abnormal:
                self.shop.told(refund, str(refund.at_wechat))
