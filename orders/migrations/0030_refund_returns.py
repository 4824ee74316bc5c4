"""Goods that go back before their money does, and what their shopper is told of it.

Constraints on tables that exist are checked in the next migration, where nobody waits.
"""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import Q

_KINDS = [
    ("paid", "付款成功"),
    ("shipped", "订单发货"),
    ("refunded", "退款到账"),
    ("agreed", "同意退货"),
    ("rejected", "拒绝售后"),
]
_STATES = [
    ("requested", "待处理"),
    ("to_return", "待寄回"),
    ("returning", "寄回中"),
    ("approved", "待退款"),
    ("processing", "退款中"),
    ("succeeded", "已退款"),
    ("failed", "退款失败"),
    ("rejected", "已拒绝"),
    ("withdrawn", "已撤回"),
]
_DEEDS = [
    ("agreed", "第一人同意"),
    ("returned", "退回重审"),
    ("corrected", "更正退货运单"),
]


def _text(name: str, length: int) -> models.CharField:
    return models.CharField(
        name, blank=True, db_default="", default="", max_length=length
    )


class Migration(migrations.Migration):
    # Its first name: see 0038.
    replaces = [("orders", "0032_refund_returns")]
    dependencies = [("orders", "0029_coupons")]

    operations = [
        migrations.AddField(
            "refund",
            "is_return",
            models.BooleanField("退货", db_default=False, default=False),
        ),
        migrations.AddField("refund", "return_address", _text("退货地址", 200)),
        migrations.AddField(
            "refund", "return_before", models.DateTimeField("寄回期限", null=True)
        ),
        migrations.AddField("refund", "return_carrier", _text("退货快递", 50)),
        migrations.AddField("refund", "return_tracking_no", _text("退货单号", 64)),
        migrations.AddField(
            "refund", "returned_at", models.DateTimeField("寄回时间", null=True)
        ),
        migrations.AlterField(
            "refund",
            "state",
            models.CharField("状态", choices=_STATES, max_length=10),
        ),
        migrations.AlterField(
            "refundevent",
            "deed",
            models.CharField(
                blank=True, choices=_DEEDS, db_default="", default="", max_length=10
            ),
        ),
        migrations.AlterField(
            "subscribemessage",
            "kind",
            models.CharField("类型", choices=_KINDS, max_length=10),
        ),
        migrations.RemoveConstraint("refund", "refund_state_known"),
        AddConstraintNotValid(
            "refund",
            models.CheckConstraint(
                condition=Q(state__in=[state for state, _ in _STATES]),
                name="refund_state_known",
            ),
        ),
        AddConstraintNotValid(
            "refund",
            models.CheckConstraint(
                condition=~Q(state__in=["to_return", "returning"])
                | Q(is_return=True, return_before__isnull=False),
                name="refund_return_with_time",
            ),
        ),
    ]
