"""Two people give money back in a real browser, and see where the money is."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.base import ContentFile

from accounts.models import Upload, User
from catalog.models import Product
from orders.models import Order, Refund
from orders.services.refunds import refund_request, refund_send
from orders.tests.refunding import ship
from shop.api.images import image_store
from shop.api.tests.pictures import picture as picture_make
from shop.devstack.simulator.process import SimulatorProcess
from shop.tests.browser import MARKS, Office

pytestmark = MARKS


@pytest.fixture
def second(db: None) -> User:
    return User.objects.create_superuser("second", "a-long-password-9")


@pytest.fixture
def refund(
    buy: Callable[[], Order], tea: Product, cup: Product, settings: Any
) -> Refund:
    """Two of three teas and the cup, all of which have left."""
    settings.REFUND_TWO_PERSON_ABOVE = Decimal("100.00")
    order = buy()
    ship(order)
    picture = image_store(ContentFile(picture_make(), "茶.jpg"))
    Upload.objects.create(file=picture, user_id=order.user_id)
    return refund_request(
        order_no=order.order_no,
        user_id=order.user_id,
        reason="罐子破了,茶叶受潮",
        quantities={
            order.items.get(product=tea).pk: 2,
            order.items.get(product=cup).pk: 1,
        },
        images=[picture],
    )


def test_two_people_grant_less_than_was_asked_for(
    office: Office, refund: Refund, second: User, wechat: SimulatorProcess
) -> None:
    width = office.width
    tea, cup = refund.order.items.values_list("pk", flat=True)
    office.open("orders/refund/")
    office.shot(f"refund-list-{width}")
    office.follow(f"a:has-text('{refund.refund_no}')")
    assert office.fits()
    office.shot(f"refund-asked-{width}")
    office.act(f"orders/refund/{refund.pk}/approve/")
    office.fill(answer="抱歉,破损的两罐退一半", **{f"amount_{tea}": "99.00"})
    office.page.check("[name='is_restocked']")
    assert office.fits()
    office.shot(f"refund-approve-{width}")
    office.press("同意退款")
    assert office.page.get_by_text("已同意退款¥124.50,等第二人审批").is_visible()
    assert office.page.locator("a[href$='/confirm/']").count() == 0
    office.shot(f"refund-agreed-{width}")

    office.sit(second)
    office.open("orders/refund/?state=agreed")
    office.shot(f"refund-second-{width}")
    office.follow(f"a:has-text('{refund.refund_no}')")
    office.act(f"orders/refund/{refund.pk}/confirm/")
    assert office.fits()
    office.shot(f"refund-confirm-{width}")
    office.press("审批通过")
    assert office.page.get_by_text("退款¥124.50正在提交微信").is_visible()

    refund_send(refund_id=refund.pk)
    refund.refresh_from_db()
    assert (refund.state, str(refund.amount), str(refund.kept_amount)) == (
        *("processing", "124.50", "99.00"),
    )
    assert wechat.refund(refund.out_refund_no)["refund"] == 12450
    granted = refund.events.get(to_state="approved")
    assert (granted.operator, str(refund.agreed_by)) == (second, "owner")
    assert (refund.order.items.get(pk=cup).refund_quantity, refund.is_restocked) == (
        *(1, True),
    )


def test_staff_compensate_a_line_whose_goods_stay(
    office: Office, buy: Callable[[], Order], tea: Product, wechat: SimulatorProcess
) -> None:
    order = buy()
    tea_line, cup_line = order.items.values_list("pk", flat=True)
    office.open(f"orders/order/{order.pk}/refund/")
    office.fill(
        **{
            f"quantity_{tea_line}": "0",
            f"amount_{tea_line}": "30",
            f"quantity_{cup_line}": "0",
        },
        reason="色差补偿",
    )
    assert office.fits()
    office.shot(f"refund-by-staff-{office.width}")
    office.press("确认退款")
    refund = Refund.objects.get()
    assert office.page.get_by_text(f"退款{refund}已提交,将退回¥30.00").is_visible()
    refund_send(refund_id=refund.pk)
    order.refresh_from_db()
    assert (order.status, order.is_closing) == ("paid", False)
    assert list(order.items.values_list("refund_quantity", flat=True)) == [0, 0]
    assert wechat.refund(refund.out_refund_no)["refund"] == 3000


@pytest.mark.parametrize("path", ["change/", "approve/"])
def test_pages_of_a_refund_fit_every_screen(
    office: Office, refund: Refund, path: str
) -> None:
    office.everywhere(f"orders/refund/{refund.pk}/{path}", f"refund-{path[:-1]}")
