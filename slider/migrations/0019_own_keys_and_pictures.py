"""A person's own keys of the desk, and pictures that a task lets reviewers load."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("slider", "0018_practice_and_hidden_drafts"),
    ]

    operations = [
        migrations.CreateModel(
            name="OwnKeys",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="own_keys",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "keys",
                    models.JSONField(
                        blank=True, default=dict, help_text='{"a": "q", "d": ""}: a letter, or empty for none.'
                    ),
                ),
                (
                    "off",
                    models.BooleanField(
                        default=False, help_text="No single key does anything; buttons and Ctrl+Enter do."
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "own keys",
            },
        ),
        migrations.AddField(
            model_name="task",
            name="pictures",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Whether reviewers may load pictures that an item or an answer names by their address.",
            ),
        ),
    ]
