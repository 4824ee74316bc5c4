"""What the daily bill and our books don't agree on."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0010_refund_one_requested'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BillCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(unique=True, verbose_name='账单日期')),
                ('result', models.CharField(choices=[('matched', '已平'), ('differences', '有差异'), ('failed', '未完成')], max_length=12, verbose_name='结果')),
                ('error', models.CharField(blank=True, default='', max_length=200, verbose_name='原因')),
                ('bill_payments', models.PositiveIntegerField(default=0, verbose_name='账单付款笔数')),
                ('bill_paid', models.DecimalField(decimal_places=2, default=0, max_digits=14, verbose_name='账单付款金额')),
                ('bill_refunds', models.PositiveIntegerField(default=0, verbose_name='账单退款笔数')),
                ('bill_refunded', models.DecimalField(decimal_places=2, default=0, max_digits=14, verbose_name='账单退款金额')),
                ('shop_payments', models.PositiveIntegerField(default=0, verbose_name='系统付款笔数')),
                ('shop_paid', models.DecimalField(decimal_places=2, default=0, max_digits=14, verbose_name='系统付款金额')),
                ('shop_refunds', models.PositiveIntegerField(default=0, verbose_name='系统退款笔数')),
                ('shop_refunded', models.DecimalField(decimal_places=2, default=0, max_digits=14, verbose_name='系统退款金额')),
                ('other_rows', models.PositiveIntegerField(default=0, verbose_name='其他应用的笔数')),
                ('checked_at', models.DateTimeField(verbose_name='对账时间')),
            ],
            options={
                'verbose_name': '对账',
                'verbose_name_plural': '对账',
                'permissions': (('run_billcheck', '可以重新对账'),),
            },
        ),
        migrations.CreateModel(
            name='BillDifference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('unbooked_payment', '微信已收款,系统未入账'), ('unlisted_payment', '系统已入账,账单没有'), ('unknown_payment', '系统没有的付款'), ('payment_amount', '付款金额不一致'), ('transaction_id', '微信单号不一致'), ('unknown_refund', '系统没有的退款'), ('unlisted_refund', '系统已退款,账单没有'), ('refund_amount', '退款金额不一致'), ('refund_state', '退款状态不一致')], max_length=20, verbose_name='类型')),
                ('number', models.CharField(db_collation='C', max_length=64, verbose_name='商户单号')),
                ('bill_says', models.CharField(blank=True, default='', max_length=200, verbose_name='账单')),
                ('shop_says', models.CharField(blank=True, default='', max_length=200, verbose_name='系统')),
                ('done', models.CharField(blank=True, default='', max_length=200, verbose_name='系统做了什么')),
                ('found_at', models.DateTimeField(auto_now_add=True, verbose_name='发现时间')),
                ('resolved_at', models.DateTimeField(null=True, verbose_name='处理时间')),
                ('note', models.CharField(blank=True, default='', max_length=200, verbose_name='处理说明')),
            ],
            options={
                'verbose_name': '对账差异',
                'verbose_name_plural': '对账差异',
                'permissions': (('resolve_billdifference', '可以处理对账差异'),),
            },
        ),
        migrations.AddConstraint(
            model_name='billcheck',
            constraint=models.CheckConstraint(condition=models.Q(('result__in', ['matched', 'differences', 'failed'])), name='billcheck_result_known'),
        ),
        migrations.AddField(
            model_name='billdifference',
            name='bill_check',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='differences', to='orders.billcheck', verbose_name='对账'),
        ),
        migrations.AddField(
            model_name='billdifference',
            name='order',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.order', verbose_name='订单'),
        ),
        migrations.AddField(
            model_name='billdifference',
            name='resolved_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='处理人'),
        ),
        migrations.AddIndex(
            model_name='billdifference',
            index=models.Index(models.OrderBy(models.F('id'), descending=True), condition=models.Q(('resolved_at', None)), name='billdifference_open'),
        ),
        migrations.AddConstraint(
            model_name='billdifference',
            constraint=models.UniqueConstraint(models.F('bill_check'), models.F('kind'), models.F('number'), name='billdifference_once'),
        ),
        migrations.AddConstraint(
            model_name='billdifference',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['unbooked_payment', 'unlisted_payment', 'unknown_payment', 'payment_amount', 'transaction_id', 'unknown_refund', 'unlisted_refund', 'refund_amount', 'refund_state'])), name='billdifference_kind_known'),
        ),
    ]
