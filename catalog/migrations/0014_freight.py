"""Freight templates, and what products and SKUs say of freight."""

from decimal import Decimal

import django.db.models.deletion
from django.db import migrations, models

# What tells a region: addresses write 广东省 and 广东, 延边朝鲜族自治州 and 延边. Two
# characters stay at the least. It must stay as it is: the keys of rows are made by it.
REGION_KEY = """
CREATE FUNCTION catalog_region_key(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN regexp_replace(
    btrim(name),
    '^(..+?)(省|市|地区|盟|特别行政区|((蒙古|哈萨克|柯尔克孜|维吾尔|朝鲜|土家|布依|哈尼|'
    '景颇|傈僳|苗|侗|壮|彝|傣|白|藏|羌|回)族?)*自治[区州])$',
    '\\1'
);
"""
REGION_KEY_REVERSE = "DROP FUNCTION catalog_region_key(text)"


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0013_search_newest_required"),
    ]

    operations = [
        migrations.RunSQL(REGION_KEY, REGION_KEY_REVERSE),
        migrations.AddField(
            model_name="historicalsku",
            name="weight_grams",
            field=models.PositiveIntegerField(
                db_default=0, default=0, verbose_name="重量(克)"
            ),
        ),
        migrations.AddField(
            model_name="sku",
            name="weight_grams",
            field=models.PositiveIntegerField(
                db_default=0, default=0, verbose_name="重量(克)"
            ),
        ),
        migrations.CreateModel(
            name="FreightTemplate",
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
                ("name", models.CharField(max_length=50, verbose_name="名称")),
                (
                    "unit",
                    models.CharField(
                        choices=[("piece", "按件数"), ("weight", "按重量")],
                        default="piece",
                        max_length=10,
                        verbose_name="计费方式",
                    ),
                ),
                (
                    "is_default",
                    models.BooleanField(default=False, verbose_name="默认模板"),
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
                "verbose_name": "运费模板",
                "verbose_name_plural": "运费模板",
                "constraints": [
                    models.UniqueConstraint(
                        models.F("name"), name="freighttemplate_name_once"
                    ),
                    models.UniqueConstraint(
                        models.F("is_default"),
                        condition=models.Q(("is_default", True)),
                        name="freighttemplate_one_default",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("unit__in", ["piece", "weight"])),
                        name="freighttemplate_unit_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="FreightRule",
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
                (
                    "is_fallback",
                    models.BooleanField(default=False, verbose_name="其他地区"),
                ),
                ("is_served", models.BooleanField(default=True, verbose_name="配送")),
                (
                    "first_units",
                    models.PositiveIntegerField(default=1, verbose_name="首件/首重"),
                ),
                (
                    "first_fee",
                    models.DecimalField(
                        decimal_places=2, default=0, max_digits=8, verbose_name="首费"
                    ),
                ),
                (
                    "further_units",
                    models.PositiveIntegerField(default=1, verbose_name="续件/续重"),
                ),
                (
                    "further_fee",
                    models.DecimalField(
                        decimal_places=2, default=0, max_digits=8, verbose_name="续费"
                    ),
                ),
                (
                    "free_from",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=12,
                        null=True,
                        verbose_name="满额包邮",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rules",
                        to="catalog.freighttemplate",
                        verbose_name="运费模板",
                    ),
                ),
            ],
            options={
                "verbose_name": "运费规则",
                "verbose_name_plural": "运费规则",
                "ordering": ("is_fallback", "pk"),
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="FreightRegion",
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
                ("is_city", models.BooleanField(verbose_name="城市")),
                ("name", models.CharField(max_length=50, verbose_name="地区")),
                (
                    "key",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            models.F("name"), function="catalog_region_key"
                        ),
                        output_field=models.CharField(max_length=50),
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="places",
                        to="catalog.freightrule",
                    ),
                ),
                (
                    "template",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="regions",
                        to="catalog.freighttemplate",
                    ),
                ),
            ],
            options={
                "verbose_name": "运费地区",
                "verbose_name_plural": "运费地区",
                "ordering": ("pk",),
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="historicalproduct",
            name="freight_template",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="catalog.freighttemplate",
                verbose_name="运费模板",
            ),
        ),
        migrations.AddField(
            model_name="product",
            name="freight_template",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="catalog.freighttemplate",
                verbose_name="运费模板",
            ),
        ),
        migrations.AddConstraint(
            model_name="freightrule",
            constraint=models.UniqueConstraint(
                models.F("template"),
                condition=models.Q(("is_fallback", True)),
                name="freightrule_one_fallback",
            ),
        ),
        migrations.AddConstraint(
            model_name="freightrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("first_fee__gte", 0),
                    ("first_units__gte", 1),
                    ("further_fee__gte", 0),
                    ("further_units__gte", 1),
                    models.Q(
                        ("free_from__isnull", True),
                        ("free_from__gte", Decimal("0.01")),
                        _connector="OR",
                    ),
                ),
                name="freightrule_amounts_min",
            ),
        ),
        migrations.AddConstraint(
            model_name="freightregion",
            constraint=models.UniqueConstraint(
                models.F("template"),
                models.F("is_city"),
                models.F("key"),
                name="freightregion_once",
            ),
        ),
    ]
