"""What shoppers took of sales, and which line has a sale's price."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    # Its first name: see 0038.
    replaces = [('orders', '0036_flash_sale_takings')]
    dependencies = [
        ('catalog', '0017_flash_sales'),
        ('orders', '0033_order_reminded'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='orderitem',
            name='flash_sale_sku',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='catalog.flashsalesku'),
        ),
        migrations.CreateModel(
            name='FlashSaleTaking',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.PositiveIntegerField(verbose_name='数量')),
                ('flash_sale_sku', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.flashsalesku')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(models.F('flash_sale_sku'), models.F('user'), name='flashsaletaking_once')],
            },
        ),
    ]
