"""Permissions to import and export products."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0007_history'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='product',
            options={'permissions': (('import_product', '可以导入商品'), ('export_product', '可以导出商品和盘点表')), 'verbose_name': '商品', 'verbose_name_plural': '商品'},
        ),
    ]
