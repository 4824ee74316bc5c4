"""Shoppers pay, and WeChat tells of it: in time, late, again, wrongly."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from orders.models import Payment, PaymentNotice
from orders.services.notices import notices_replay
from orders.services.payments import payment_settle
from orders.services.payments.querying import payments_query_due
from orders.tests.money.rules import Rules, chosen, picks
from orders.tests.money.things import Attempt
from shop.wechat import pay


class PaymentRules(Rules):
    """What WeChat does with money that comes."""

    @precondition(lambda self: any(self.unpaid()))
    @rule(pick=picks, how=st.sampled_from(["told", "twice", "lost"]))
    def pay(self, pick: int, how: str) -> None:
        """In time, or when the attempt is closed or expired: that comes late."""
        self.paid(self.unpaid()[pick % len(self.unpaid())], how)

    def unpaid(self) -> list[Attempt]:
        return [one for one in self.shop.attempts if one.at_wechat != "SUCCESS"]

    def paid(self, attempt: Attempt, how: str) -> None:
        simulator = self.world.simulator
        if how != "told":
            kind = {"twice": "duplicate", "lost": "never"}[how]
            simulator.fault("notify", kind)
        simulator.pay(attempt.number, force=True)
        attempt.at_wechat = "SUCCESS"
        if how != "lost":
            self.world.settled(attempt)

    @precondition(lambda self: self.paid_there())
    @rule(pick=picks, is_asked=st.booleans())
    def tell(self, pick: int, is_asked: bool) -> None:
        """The notification comes late or again, or the shop asks by itself."""
        unheard = [one for one in self.paid_there() if one.state in ("open", "closed")]
        attempt = chosen(unheard, self.paid_there(), pick)
        if is_asked:
            self.query(attempt)
        else:
            assert self.world.simulator.notify(attempt.number) == 204
        self.world.settled(attempt)

    def query(self, attempt: Attempt) -> None:
        facts = pay.query(attempt.number)
        assert facts is not None
        if facts["trade_state"] == "SUCCESS":
            payment_settle(facts=facts)

    def paid_there(self) -> list[Attempt]:
        return [one for one in self.shop.attempts if one.at_wechat == "SUCCESS"]

    @rule()
    def query_by_clock(self) -> None:
        """The minute's run asks about the attempts of which nothing was heard."""
        now = self.world.clock.now
        Payment.objects.open().update(next_query_at=now)
        payments_query_due()
        for attempt in self.shop.attempts:
            if attempt.state == "open" and attempt.at_wechat == "SUCCESS":
                self.world.settled(attempt)
            elif attempt.state == "open" and attempt.at_wechat == "CLOSED":
                attempt.state = "closed"

    @rule()
    def replay(self) -> None:
        """What WeChat has told is settled again, and changes nothing."""
        notices_replay(notices=PaymentNotice.objects.all())

    @rule(
        pick=picks,
        wrong=st.sampled_from(["forged", "amount", "appid", "mchid"]),
    )
    def tell_wrongly(self, pick: int, wrong: str) -> None:
        attempt = self.shop.attempts[pick % len(self.shop.attempts)]
        change: dict[str, Any] = {
            "amount": {"amount": {"total": attempt.amount + 1, "currency": "CNY"}},
            "appid": {"appid": "wxffffffffffffffff"},
            "mchid": {"mchid": "1000000000"},
        }.get(wrong, {})
        status = self.world.notification_send(
            attempt, is_forged=wrong == "forged", **change
        )
        assert status == 400
        if wrong != "forged":
            field = {"amount": "amount.total"}.get(wrong, wrong)
            self.shop.anomalies.add(("mismatch", f"{attempt.number}:{field}"))
