"""Coupons, what shoppers hold of them, and what they take off."""

from decimal import Decimal
from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FUNCTION = Path(__file__).parents[1] / "sql" / "0029_coupon_discounts.sql"
REVERSE = "DROP FUNCTION coupon_discounts(jsonb, jsonb)"


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0028_freight"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Coupon",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("title", models.CharField(max_length=50, verbose_name="名称")),
                (
                    "kind",
                    models.CharField(
                        choices=[("reduction", "满减"), ("percentage", "折扣")],
                        max_length=10,
                        verbose_name="类型",
                    ),
                ),
                (
                    "minimum_amount",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0.00"),
                        max_digits=12,
                        verbose_name="使用门槛(元)",
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2, max_digits=12, verbose_name="优惠金额(元)"
                    ),
                ),
                (
                    "percent_off",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="减百分之几"
                    ),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("all", "全部商品"),
                            ("categories", "指定分类"),
                            ("products", "指定商品"),
                        ],
                        max_length=10,
                        verbose_name="适用范围",
                    ),
                ),
                (
                    "target_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="适用分类或商品",
                    ),
                ),
                (
                    "total_limit",
                    models.PositiveIntegerField(
                        blank=True, null=True, verbose_name="发放总量"
                    ),
                ),
                (
                    "user_limit",
                    models.PositiveSmallIntegerField(
                        default=1, verbose_name="每人限领"
                    ),
                ),
                ("claim_from", models.DateTimeField(verbose_name="领取开始")),
                (
                    "claim_until",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="领取结束"
                    ),
                ),
                (
                    "valid_from",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="使用开始"
                    ),
                ),
                (
                    "valid_until",
                    models.DateTimeField(
                        blank=True, null=True, verbose_name="使用结束"
                    ),
                ),
                (
                    "valid_days",
                    models.PositiveSmallIntegerField(
                        blank=True, null=True, verbose_name="领取后几天有效"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "草稿"),
                            ("published", "已发布"),
                            ("ended", "已结束"),
                        ],
                        default="draft",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "claimed_count",
                    models.PositiveIntegerField(default=0, verbose_name="已领取"),
                ),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="创建时间"),
                ),
                (
                    "updated_at",
                    models.DateTimeField(auto_now=True, verbose_name="更新时间"),
                ),
            ],
            options={
                "verbose_name": "优惠券",
                "verbose_name_plural": "优惠券",
                "permissions": (
                    ("publish_coupon", "可以发布和结束优惠券"),
                    ("give_coupon", "可以给用户发优惠券"),
                ),
                "default_permissions": ("add", "change", "view"),
                "indexes": [
                    models.Index(
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(("status", "published")),
                        name="coupon_published",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["draft", "published", "ended"])
                        ),
                        name="coupon_status_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "reduction"), ("percent_off", None)),
                            models.Q(
                                ("kind", "percentage"),
                                ("percent_off__gte", 1),
                                ("percent_off__isnull", False),
                                ("percent_off__lte", 99),
                            ),
                            _connector="OR",
                        ),
                        name="coupon_percent_of_its_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("amount__gte", Decimal("0.01")), ("minimum_amount__gte", 0)
                        ),
                        name="coupon_amounts_min",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("scope", "all"), ("target_ids__len", 0)),
                            models.Q(
                                ("scope__in", ["categories", "products"]),
                                ("target_ids__len__gte", 1),
                            ),
                            _connector="OR",
                        ),
                        name="coupon_targets_of_its_scope",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("valid_days__gte", 1),
                                ("valid_days__isnull", False),
                                ("valid_from", None),
                                ("valid_until", None),
                            ),
                            models.Q(
                                ("valid_days", None),
                                ("valid_from__isnull", False),
                                ("valid_until__gt", models.F("valid_from")),
                                ("valid_until__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="coupon_validity_is_one",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("claim_until", None),
                            ("claim_until__gt", models.F("claim_from")),
                            _connector="OR",
                        ),
                        name="coupon_claim_period",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("total_limit", None),
                                ("total_limit__gte", 1),
                                _connector="OR",
                            ),
                            ("user_limit__gte", 1),
                        ),
                        name="coupon_limits_min",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("total_limit", None),
                            ("claimed_count__lte", models.F("total_limit")),
                            _connector="OR",
                        ),
                        name="coupon_claimed_max",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CouponClaim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("valid_from", models.DateTimeField(verbose_name="使用开始")),
                ("valid_until", models.DateTimeField(verbose_name="使用结束")),
                ("claimed_at", models.DateTimeField(verbose_name="领取时间")),
                (
                    "coupon",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="claims",
                        to="orders.coupon",
                    ),
                ),
                (
                    "given_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orders.order",
                        verbose_name="订单",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "领取的优惠券",
                "verbose_name_plural": "领取的优惠券",
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="order",
            name="coupon_claim",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="orders.couponclaim",
            ),
        ),
        migrations.AddIndex(
            model_name="couponclaim",
            index=models.Index(
                models.F("user"), models.F("coupon"), name="couponclaim_of_coupon"
            ),
        ),
        migrations.AddIndex(
            model_name="couponclaim",
            index=models.Index(
                models.F("user"),
                models.OrderBy(models.F("id"), descending=True),
                name="couponclaim_own",
            ),
        ),
        migrations.AddIndex(
            model_name="couponclaim",
            index=models.Index(
                condition=models.Q(("order__isnull", False)),
                fields=["coupon"],
                name="couponclaim_used",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponclaim",
            constraint=models.UniqueConstraint(
                condition=models.Q(("order__isnull", False)),
                fields=("order",),
                name="couponclaim_order_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="couponclaim",
            constraint=models.CheckConstraint(
                condition=models.Q(("valid_until__gt", models.F("valid_from"))),
                name="couponclaim_validity",
            ),
        ),
        migrations.RunSQL(FUNCTION.read_text(), REVERSE),
    ]
