"""Keys that act for a person, and the answers to calls that are made once."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (
        ("slider", "0031_old_items_leave"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )

    # No constraint was there before, and older code writes none but the three scopes that keys of programs have.
    widens = ("key_scopes",)

    operations = (
        migrations.AddField(
            model_name="apikey",
            name="person",
            field=models.ForeignKey(
                blank=True,
                help_text="Whom it acts for. Empty: nobody; it only brings items in and reads.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "scopes__contained_by",
                        ["intake", "read", "export", "review", "steer", "edit", "lead", "administer"],
                    ),
                    models.Q(
                        ("person__isnull", False),
                        ("scopes__contained_by", ["intake", "read", "export"]),
                        _connector="OR",
                    ),
                ),
                name="key_scopes",
            ),
        ),
        migrations.CreateModel(
            name="Answered",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="What the caller named the call.", max_length=255)),
                (
                    "asked",
                    models.BinaryField(help_text="SHA-256 of its method, address and body.", max_length=32),
                ),
                ("status", models.PositiveSmallIntegerField()),
                ("body", models.TextField(blank=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "key",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="slider.apikey"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["created_at"], name="answered_by_age")],
                "constraints": [models.UniqueConstraint(fields=("key", "name"), name="one_answer_a_call")],
            },
        ),
    )
