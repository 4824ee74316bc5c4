from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0002_back_office"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='shopper',
            options={'default_permissions': ('view',), 'permissions': (('deactivate_shopper', '停用和启用'), ('reveal_shopper', '查看完整的姓名、手机号和地址')), 'verbose_name': '用户', 'verbose_name_plural': '用户'},
        ),
    ]
