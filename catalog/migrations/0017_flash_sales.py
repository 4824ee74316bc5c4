"""Sales of chosen SKUs for a while: flash sales and group prices."""

import django.contrib.postgres.constraints
import django.db.models.deletion
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0016_home_page'),
    ]

    operations = [
        migrations.CreateModel(
            name='FlashSale',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=50, verbose_name='名称')),
                ('kind', models.CharField(choices=[('flash', '秒杀'), ('group', '团购')], default='flash', max_length=10, verbose_name='类型')),
                ('starts_at', models.DateTimeField(verbose_name='开始时间')),
                ('ends_at', models.DateTimeField(verbose_name='结束时间')),
                ('is_ended_early', models.BooleanField(default=False, verbose_name='提前结束')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='创建时间')),
            ],
            options={
                'verbose_name': '限时活动',
                'verbose_name_plural': '限时活动',
                'indexes': [models.Index(models.F('ends_at'), models.F('id'), name='flashsale_ends')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['flash', 'group'])), name='flashsale_kind_known'), models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='flashsale_times', violation_error_message='结束时间必须晚于开始时间')],
            },
        ),
        migrations.CreateModel(
            name='FlashSaleSku',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('price', models.DecimalField(decimal_places=2, max_digits=12, verbose_name='活动价')),
                ('stock', models.PositiveIntegerField(verbose_name='活动库存')),
                ('sold', models.PositiveIntegerField(db_default=0, default=0, verbose_name='已售')),
                ('user_limit', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='每人限购')),
                ('min_quantity', models.PositiveSmallIntegerField(db_default=1, default=1, verbose_name='起购件数')),
                ('starts_at', models.DateTimeField(verbose_name='开始时间')),
                ('ends_at', models.DateTimeField(verbose_name='结束时间')),
                ('sale', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='catalog.flashsale')),
                ('sku', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.sku', verbose_name='SKU')),
            ],
            options={
                'verbose_name': '活动商品',
                'verbose_name_plural': '活动商品',
                'default_permissions': (),
                'indexes': [models.Index(models.F('sku'), models.F('ends_at'), name='flashsalesku_price')],
                'constraints': [models.CheckConstraint(condition=models.Q(('price__gte', Decimal('0.01'))), name='flashsalesku_price_min'), models.CheckConstraint(condition=models.Q(('sold__lte', models.F('stock'))), name='flashsalesku_sold_max'), models.CheckConstraint(condition=models.Q(('min_quantity__gte', 1), models.Q(('user_limit', None), ('user_limit__gte', models.F('min_quantity')), _connector='OR')), name='flashsalesku_min_quantity', violation_error_message='起购件数不能小于1,不能大于每人限购'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func('sku', 'sku', models.Value('[]'), function='int8range'), '&&'), (models.Func('starts_at', 'ends_at', function='tstzrange'), '&&')], name='flashsalesku_one_sale')],
            },
        ),
    ]
