"""Permissions to export orders and refunds."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("orders", "0018_refund_grants_kept"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='order',
            options={'permissions': (('ship_order', '可以发货'), ('cancel_order', '可以取消未付款订单'), ('reprice_order', '可以改价'), ('refund_order', '可以退款'), ('export_order', '可以导出订单'), ('readdress_order', '可以改收货地址'), ('note_order', '可以写备注')), 'verbose_name': '订单', 'verbose_name_plural': '订单'},
        ),
        migrations.AlterModelOptions(
            name='refund',
            options={'permissions': (('answer_refund', '可以同意或拒绝退款'), ('retry_refund', '可以重试失败的退款'), ('export_refund', '可以导出退款')), 'verbose_name': '退款', 'verbose_name_plural': '退款'},
        ),
    ]
