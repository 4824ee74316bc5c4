"""Reviews; a line that exists has none, which its new column says by its default."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    # Its first name: see 0038.
    replaces = [("orders", "0039_reviews")]
    dependencies = [
        ("catalog", "0019_product_rating"),
        ("orders", "0035_orders_place"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="orderitem",
            name="is_reviewed",
            field=models.BooleanField(
                db_default=False, default=False, verbose_name="已评价"
            ),
        ),
        migrations.CreateModel(
            name="Review",
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
                ("content", models.CharField(max_length=500, verbose_name="内容")),
                (
                    "images",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="图片",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checking", "微信检测中"),
                            ("waiting", "待人工审核"),
                            ("public", "已公开"),
                            ("hidden", "已隐藏"),
                        ],
                        default="checking",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="说明"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="时间"),
                ),
                (
                    "updated_at",
                    models.DateTimeField(auto_now=True, verbose_name="更新时间"),
                ),
                ("rating", models.PositiveSmallIntegerField(verbose_name="评分")),
                (
                    "is_anonymous",
                    models.BooleanField(default=False, verbose_name="匿名"),
                ),
                (
                    "nickname",
                    models.CharField(
                        blank=True, default="", max_length=64, verbose_name="昵称"
                    ),
                ),
                (
                    "has_images",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.ExpressionWrapper(
                            models.Q(("images__len__gt", 0)), models.BooleanField()
                        ),
                        output_field=models.BooleanField(),
                        verbose_name="有图",
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        blank=True, default="", max_length=500, verbose_name="回复"
                    ),
                ),
                (
                    "answered_at",
                    models.DateTimeField(null=True, verbose_name="回复时间"),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="回复人",
                    ),
                ),
                (
                    "order_item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="review",
                        to="orders.orderitem",
                        verbose_name="订单商品",
                    ),
                ),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.product",
                        verbose_name="商品",
                    ),
                ),
            ],
            options={
                "verbose_name": "评价",
                "verbose_name_plural": "评价",
                "permissions": (
                    ("moderate_review", "可以公开或隐藏评价"),
                    ("answer_review", "可以回复评价"),
                ),
            },
        ),
        migrations.CreateModel(
            name="ReviewAppend",
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
                ("content", models.CharField(max_length=500, verbose_name="内容")),
                (
                    "images",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200),
                        blank=True,
                        default=list,
                        size=None,
                        verbose_name="图片",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checking", "微信检测中"),
                            ("waiting", "待人工审核"),
                            ("public", "已公开"),
                            ("hidden", "已隐藏"),
                        ],
                        default="checking",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="说明"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="时间"),
                ),
                (
                    "updated_at",
                    models.DateTimeField(auto_now=True, verbose_name="更新时间"),
                ),
                (
                    "review",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="append",
                        to="orders.review",
                        verbose_name="评价",
                    ),
                ),
            ],
            options={
                "verbose_name": "追评",
                "verbose_name_plural": "追评",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="ReviewEvent",
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
                ("is_append", models.BooleanField(default=False, verbose_name="追评")),
                (
                    "from_state",
                    models.CharField(
                        blank=True, default="", max_length=10, verbose_name="原状态"
                    ),
                ),
                ("to_state", models.CharField(max_length=10, verbose_name="新状态")),
                (
                    "reason",
                    models.CharField(
                        blank=True, default="", max_length=200, verbose_name="说明"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(auto_now_add=True, verbose_name="时间"),
                ),
                (
                    "operator",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "review",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="orders.review",
                    ),
                ),
            ],
            options={
                "verbose_name": "评价事件",
                "verbose_name_plural": "评价事件",
                "ordering": ("pk",),
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="ReviewTally",
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
                ("rating", models.PositiveSmallIntegerField()),
                ("has_images", models.BooleanField()),
                ("count", models.PositiveIntegerField(default=0)),
                ("changes", models.PositiveIntegerField(default=0)),
                (
                    "product",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.product",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                models.F("product"),
                models.F("state"),
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="review_product",
            ),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                models.F("product"),
                models.F("rating"),
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("state", "public")),
                name="review_rating",
            ),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                models.F("product"),
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("has_images", True), ("state", "public")),
                name="review_images",
            ),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                models.F("state"),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("state__in", ("checking", "waiting", "hidden"))),
                name="review_unpublished",
            ),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("answer", ""), ("state", "public")),
                name="review_unanswered",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(("rating__gte", 1), ("rating__lte", 5)),
                name="review_rating_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["checking", "waiting", "public", "hidden"])
                ),
                name="review_state_known",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewappend",
            index=models.Index(
                models.F("state"),
                condition=models.Q(("state__in", ("checking", "waiting", "hidden"))),
                name="reviewappend_unpublished",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewappend",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["checking", "waiting", "public", "hidden"])
                ),
                name="reviewappend_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewtally",
            constraint=models.UniqueConstraint(
                models.F("product"),
                models.F("rating"),
                models.F("has_images"),
                name="reviewtally_once",
            ),
        ),
    ]
