"""Last words of pages of the desk: what such a page asked for before it closed comes too late."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0021_several_looks_keep_their_items_time"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LastWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("page", models.CharField(max_length=36)),
                (
                    "asked",
                    models.BigIntegerField(
                        help_text="Requests up to this number of the page give it nothing any more."
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "page"), name="one_last_word_a_page"),
                    models.CheckConstraint(condition=models.Q(("asked__gt", 0)), name="last_word_of_a_page_that_asked"),
                ],
            },
        ),
    ]
