"""Refunds, anomalies of money, and orders whose closing waits for a refund.

Constraints on tables that exist are checked in the next migration, where nobody waits.
"""

import django.db.models.deletion
from decimal import Decimal
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0005_refund_movements'),
        ('orders', '0004_order_to_ship'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PaymentAnomaly',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(editable=False, max_length=200, unique=True)),
                ('kind', models.CharField(choices=[('late', '迟到付款'), ('second', '重复付款'), ('old_price', '旧价付款'), ('mismatch', '付款信息不符'), ('unclosable', '无法关闭的支付'), ('refund_failed', '退款失败')], max_length=20, verbose_name='类型')),
                ('happened', models.CharField(max_length=200, verbose_name='发生了什么')),
                ('done', models.CharField(max_length=200, verbose_name='系统做了什么')),
                ('facts', models.JSONField(null=True, verbose_name='微信事实')),
                ('times', models.PositiveIntegerField(default=1, verbose_name='次数')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='首次时间')),
                ('last_at', models.DateTimeField(auto_now_add=True, verbose_name='最近时间')),
                ('handled_at', models.DateTimeField(null=True, verbose_name='处理时间')),
                ('note', models.CharField(blank=True, default='', max_length=200, verbose_name='处理说明')),
            ],
            options={
                'verbose_name': '支付异常',
                'verbose_name_plural': '支付异常',
                'permissions': (('handle_paymentanomaly', '可以处理支付异常'),),
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('refund_no', models.CharField(db_collation='C', max_length=32, unique=True, verbose_name='退款单号')),
                ('out_refund_no', models.CharField(db_collation='C', max_length=64, unique=True, verbose_name='商户退款单号')),
                ('kind', models.CharField(choices=[('cancel', '取消订单'), ('after_sale', '售后'), ('staff', '商家退款'), ('automatic', '自动退款')], max_length=10, verbose_name='类型')),
                ('state', models.CharField(choices=[('requested', '待处理'), ('approved', '待退款'), ('processing', '退款中'), ('succeeded', '已退款'), ('failed', '退款失败'), ('rejected', '已拒绝'), ('withdrawn', '已撤回')], max_length=10, verbose_name='状态')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12, verbose_name='退款金额')),
                ('reason', models.CharField(blank=True, default='', max_length=200, verbose_name='原因')),
                ('images', models.JSONField(blank=True, default=list, verbose_name='图片')),
                ('answer', models.CharField(blank=True, default='', max_length=200, verbose_name='答复')),
                ('is_restocked', models.BooleanField(default=False, verbose_name='已发商品退回库存')),
                ('wechat_error', models.CharField(blank=True, default='', max_length=64, verbose_name='微信原因')),
                ('facts', models.JSONField(null=True, verbose_name='微信事实')),
                ('due_at', models.DateTimeField(editable=False, null=True)),
                ('accepted_at', models.DateTimeField(null=True, verbose_name='微信受理时间')),
                ('succeeded_at', models.DateTimeField(null=True, verbose_name='到账时间')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='申请时间')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='更新时间')),
            ],
            options={
                'verbose_name': '退款',
                'verbose_name_plural': '退款',
                'permissions': (('answer_refund', '可以同意或拒绝退款'), ('retry_refund', '可以重试失败的退款')),
            },
        ),
        migrations.CreateModel(
            name='RefundEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_state', models.CharField(blank=True, default='', max_length=10, verbose_name='原状态')),
                ('to_state', models.CharField(max_length=10, verbose_name='新状态')),
                ('reason', models.CharField(blank=True, default='', max_length=200, verbose_name='说明')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='时间')),
            ],
            options={
                'verbose_name': '退款事件',
                'verbose_name_plural': '退款事件',
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='RefundItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveIntegerField(verbose_name='数量')),
                ('unshipped_quantity', models.PositiveIntegerField(verbose_name='未发数量')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=12, verbose_name='金额')),
            ],
            options={
                'verbose_name': '退款商品',
                'verbose_name_plural': '退款商品',
                'ordering': ('pk',),
            },
        ),
        migrations.AlterModelOptions(
            name='order',
            options={'permissions': (('ship_order', '可以发货'), ('cancel_order', '可以取消未付款订单'), ('reprice_order', '可以改价'), ('refund_order', '可以退款')), 'verbose_name': '订单', 'verbose_name_plural': '订单'},
        ),
        migrations.RemoveConstraint(
            model_name='order',
            name='order_closing_only_pending',
        ),
        migrations.RemoveConstraint(
            model_name='payment',
            name='payment_state_known',
        ),
        migrations.RemoveConstraint(
            model_name='payment',
            name='payment_succeeded_with_facts',
        ),
        migrations.AddField(
            model_name='order',
            name='replaced_by',
            field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.order'),
        ),
        migrations.AddField(
            model_name='orderitem',
            name='refund_quantity',
            field=models.PositiveIntegerField(db_default=0, default=0, verbose_name='退款数量'),
        ),
        migrations.AddField(
            model_name='payment',
            name='next_query_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='payment',
            name='refund_amount',
            field=models.DecimalField(db_default=Decimal('0.00'), decimal_places=2, default=Decimal('0.00'), max_digits=12, verbose_name='退款金额'),
        ),
        migrations.AlterField(
            model_name='payment',
            name='state',
            field=models.CharField(choices=[('open', '待支付'), ('succeeded', '已支付'), ('closed', '已关闭'), ('undue', '多收款')], default='open', max_length=10, verbose_name='状态'),
        ),
        AddConstraintNotValid(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('closing_at__isnull', True), ('status__in', ['pending', 'paid']), _connector='OR'), name='order_closing_before_shipped'),
        ),
        AddConstraintNotValid(
            model_name='orderitem',
            constraint=models.CheckConstraint(condition=models.Q(('refund_quantity__lte', models.F('quantity'))), name='orderitem_refund_max'),
        ),
        AddConstraintNotValid(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'succeeded', 'closed', 'undue'])), name='payment_state_is_known'),
        ),
        AddConstraintNotValid(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('succeeded', 'undue')), _negated=True), models.Q(('facts__isnull', False), ('paid_at__isnull', False), ('transaction_id__isnull', False)), _connector='OR'), name='payment_received_with_facts'),
        ),
        AddConstraintNotValid(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('refund_amount__gte', 0), ('refund_amount__lte', models.F('amount'))), name='payment_refund_range'),
        ),
        migrations.AddField(
            model_name='paymentanomaly',
            name='handled_by',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='处理人'),
        ),
        migrations.AddField(
            model_name='paymentanomaly',
            name='order',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='anomalies', to='orders.order', verbose_name='订单'),
        ),
        migrations.AddField(
            model_name='paymentanomaly',
            name='payment',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.payment', verbose_name='支付'),
        ),
        migrations.AddField(
            model_name='refund',
            name='order',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='orders.order', verbose_name='订单'),
        ),
        migrations.AddField(
            model_name='refund',
            name='payment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='orders.payment', verbose_name='支付'),
        ),
        migrations.AddField(
            model_name='paymentanomaly',
            name='refund',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.refund', verbose_name='退款'),
        ),
        migrations.AddField(
            model_name='refundevent',
            name='operator',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='refundevent',
            name='refund',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='orders.refund'),
        ),
        migrations.AddField(
            model_name='refunditem',
            name='order_item',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refund_items', to='orders.orderitem'),
        ),
        migrations.AddField(
            model_name='refunditem',
            name='refund',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='orders.refund'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(models.F('due_at'), condition=models.Q(('due_at__isnull', False)), name='refund_due'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(models.OrderBy(models.F('id'), descending=True), condition=models.Q(('state__in', ('requested', 'approved', 'processing', 'failed'))), name='refund_unfinished'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['requested', 'approved', 'processing', 'succeeded', 'failed', 'rejected', 'withdrawn'])), name='refund_state_known'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', Decimal('0.01'))), name='refund_amount_min'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['processing', 'succeeded']), _negated=True), ('accepted_at__isnull', False), _connector='OR'), name='refund_accepted_with_time'),
        ),
        migrations.AddIndex(
            model_name='paymentanomaly',
            index=models.Index(models.OrderBy(models.F('id'), descending=True), condition=models.Q(('handled_at', None)), name='anomaly_open'),
        ),
        migrations.AddConstraint(
            model_name='paymentanomaly',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['late', 'second', 'old_price', 'mismatch', 'unclosable', 'refund_failed'])), name='anomaly_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='refunditem',
            constraint=models.UniqueConstraint(models.F('refund'), models.F('order_item'), name='refunditem_line_once'),
        ),
        migrations.AddConstraint(
            model_name='refunditem',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gte', 1), ('unshipped_quantity__lte', models.F('quantity'))), name='refunditem_quantity_range'),
        ),
        migrations.AddConstraint(
            model_name='refunditem',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', 0)), name='refunditem_amount_min'),
        ),
    ]
