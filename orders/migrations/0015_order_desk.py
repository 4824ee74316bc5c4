"""Changed addresses and notes of an order, and who may write them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("orders", "0014_refunds_by_day"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='order',
            options={'permissions': (('ship_order', '可以发货'), ('cancel_order', '可以取消未付款订单'), ('reprice_order', '可以改价'), ('refund_order', '可以退款'), ('readdress_order', '可以改收货地址'), ('note_order', '可以写备注')), 'verbose_name': '订单', 'verbose_name_plural': '订单'},
        ),
        migrations.CreateModel(
            name='OrderAddressChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('old', models.JSONField(verbose_name='原地址')),
                ('new', models.JSONField(verbose_name='新地址')),
                ('reason', models.CharField(max_length=200, verbose_name='原因')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='时间')),
                ('operator', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='address_changes', to='orders.order')),
            ],
            options={
                'verbose_name': '改地址',
                'verbose_name_plural': '改地址',
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='OrderNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=200, verbose_name='备注')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='时间')),
                ('operator', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='orders.order')),
            ],
            options={
                'verbose_name': '备注',
                'verbose_name_plural': '备注',
                'ordering': ('pk',),
            },
        ),
    ]
