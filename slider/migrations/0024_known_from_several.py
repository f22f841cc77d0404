"""Known answers come from several looks as well as from two."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0023_flags"),
    ]

    operations = [
        migrations.AlterField(
            model_name="known",
            name="source",
            field=models.CharField(
                choices=[("agreed", "people agreed, each without the others"), ("marked", "a lead marked it")],
                max_length=6,
            ),
        ),
    ]
