"""Indexes by which the quality page counts audits without reading the tables."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0005_notices_and_letters"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(
                condition=models.Q(("audit", True)),
                fields=["task", "seq"],
                include=("item", "epoch", "audit_chance", "created_at"),
                name="decision_audits",
            ),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                condition=models.Q(("kind", "audit")),
                fields=["item"],
                include=("task", "slot", "state", "verdict"),
                name="review_audits",
            ),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                condition=models.Q(("state__in", ["open", "held"])),
                fields=["task", "kind"],
                include=("item", "holder"),
                name="review_owed",
            ),
        ),
    ]
