"""Several pumps may work on one task: who they are, and how many calls each may have in the air."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

# A few rows that change with every sign of life: updates should find room on their own page.
ROOM = "ALTER TABLE slider_pump SET (fillfactor = 30, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0);"
ROOM_AWAY = "ALTER TABLE slider_pump RESET (fillfactor, autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);"


class Migration(migrations.Migration):
    dependencies = (("slider", "0024_known_from_several"),)

    operations = (
        migrations.CreateModel(
            name="Pump",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("who", models.CharField(help_text="Host and process.", max_length=120)),
                (
                    "seats",
                    models.PositiveIntegerField(default=0, help_text="Calls that it may have in the air."),
                ),
                ("began_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "seen_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), help_text="Its last sign of life."
                    ),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "rests_until",
                    models.DateTimeField(help_text="Its limits let nothing begin: look again then.", null=True),
                ),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pumps", to="slider.task"
                    ),
                ),
            ],
            options={"indexes": [models.Index(fields=["task", "id"], name="pump_by_task")]},
        ),
        migrations.RunSQL(ROOM, ROOM_AWAY),
    )
