"""Sheets that staff import and export."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SheetTask',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20, verbose_name='内容')),
                ('direction', models.CharField(choices=[('import', '导入'), ('export', '导出')], max_length=6, verbose_name='方向')),
                ('format', models.CharField(choices=[('xlsx', 'Excel(xlsx)'), ('csv', 'CSV')], max_length=4, verbose_name='格式')),
                ('state', models.CharField(choices=[('waiting', '等待'), ('checking', '检查中'), ('checked', '待确认'), ('refused', '有错误'), ('applying', '处理中'), ('done', '完成'), ('failed', '失败'), ('cancelled', '已取消'), ('expired', '已过期')], default='waiting', max_length=10, verbose_name='状态')),
                ('total_rows', models.PositiveIntegerField(default=0, verbose_name='行数')),
                ('done_rows', models.PositiveIntegerField(default=0, verbose_name='已处理')),
                ('done_parts', models.PositiveIntegerField(default=0, editable=False)),
                ('new_count', models.PositiveIntegerField(default=0, verbose_name='新增')),
                ('changed_count', models.PositiveIntegerField(default=0, verbose_name='修改')),
                ('unchanged_count', models.PositiveIntegerField(default=0, verbose_name='不变')),
                ('bad_count', models.PositiveIntegerField(default=0, verbose_name='错误行')),
                ('problems', models.JSONField(blank=True, default=list, verbose_name='错误')),
                ('problem_count', models.PositiveIntegerField(default=0, verbose_name='错误数')),
                ('preview', models.JSONField(blank=True, default=list, verbose_name='预览')),
                ('parameters', models.JSONField(blank=True, default=dict)),
                ('error', models.CharField(blank=True, default='', max_length=200, verbose_name='失败原因')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='时间')),
                ('confirmed_at', models.DateTimeField(null=True, verbose_name='确认时间')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='结束时间')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='操作人')),
            ],
            options={
                'verbose_name': '导入导出',
                'verbose_name_plural': '导入导出',
                'permissions': (('view_every_sheet', '可以查看所有人的导入导出'),),
            },
        ),
        migrations.CreateModel(
            name='SheetPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('rows', models.JSONField(default=list)),
                ('problems', models.JSONField(default=list)),
                ('task', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='shop.sheettask')),
            ],
            options={
                'verbose_name': '表格分段',
                'verbose_name_plural': '表格分段',
            },
        ),
        migrations.CreateModel(
            name='SheetFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('source', '上传的表格'), ('result', '结果')], max_length=6)),
                ('name', models.CharField(max_length=100, verbose_name='文件名')),
                ('content', models.BinaryField()),
                ('created_at', models.DateTimeField(auto_now_add=True, db_index=True, verbose_name='时间')),
                ('task', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='files', to='shop.sheettask')),
            ],
            options={
                'verbose_name': '表格文件',
                'verbose_name_plural': '表格文件',
            },
        ),
        migrations.AddIndex(
            model_name='sheettask',
            index=models.Index(models.F('made_by'), models.OrderBy(models.F('id'), descending=True), name='sheettask_own'),
        ),
        migrations.AddConstraint(
            model_name='sheettask',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'checking', 'checked', 'refused', 'applying', 'done', 'failed', 'cancelled', 'expired'])), name='sheettask_state_known'),
        ),
        migrations.AddConstraint(
            model_name='sheetpart',
            constraint=models.UniqueConstraint(models.F('task'), models.F('number'), name='sheetpart_number_once'),
        ),
        migrations.AddConstraint(
            model_name='sheetfile',
            constraint=models.UniqueConstraint(models.F('task'), models.F('role'), name='sheetfile_role_once'),
        ),
    ]
