from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0005_history"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='staff',
            options={'default_permissions': ('add', 'change', 'view'), 'permissions': (('assign_staff', '分配角色'),), 'verbose_name': '员工', 'verbose_name_plural': '员工'},
        ),
    ]
