"""Sentinels: what they found, what they remember of a task, which are off, and the reason for a lane they give."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

# Processes of the version before, which know nothing of these columns, go on writing rows while a new one starts.
DEFAULTS = """
ALTER TABLE slider_score ALTER COLUMN sentinels SET DEFAULT '[]'::jsonb;
ALTER TABLE slider_task ALTER COLUMN sentinels_off SET DEFAULT '[]'::jsonb;
"""
DEFAULTS_AWAY = """
ALTER TABLE slider_score ALTER COLUMN sentinels DROP DEFAULT;
ALTER TABLE slider_task ALTER COLUMN sentinels_off DROP DEFAULT;
"""
# One row a task that changes with every batch, as the gauge's does.
VACUUM = "ALTER TABLE slider_pulse SET (fillfactor = 50, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0)"
VACUUM_AWAY = "ALTER TABLE slider_pulse RESET (fillfactor, autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor)"


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0002_rules_the_database_holds"),
    ]

    operations = [
        migrations.CreateModel(
            name="Pulse",
            fields=[
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="pulse",
                        serialize=False,
                        to="slider.task",
                    ),
                ),
                (
                    "state",
                    models.JSONField(default=dict, help_text="Profile, habits and meters, as the engine keeps them."),
                ),
                (
                    "canaries",
                    models.JSONField(default=dict, help_text="The last run of planted canaries; empty: none yet."),
                ),
                ("canaries_at", models.DateTimeField(null=True)),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="decision",
            name="decision_why",
        ),
        migrations.AddField(
            model_name="score",
            name="sentinels",
            field=models.JSONField(
                default=list, help_text="What sentinels found, each with its measure, value and threshold: a veto."
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="sentinels_off",
            field=models.JSONField(
                blank=True, default=list, help_text="Names of the sentinels that are switched off for this task."
            ),
        ),
        migrations.AlterField(
            model_name="decision",
            name="why",
            field=models.CharField(
                choices=[
                    ("easy", "among the easier ones: inside the share in force"),
                    ("hard", "among the harder ones: outside the share in force"),
                    ("rule", "a hard rule keeps it with people"),
                    ("no_answer", "the worker gave no usable answer"),
                    ("sentinel", "a sentinel distrusts the answer"),
                    ("stale", "the guard was silent: nothing runs unattended then"),
                    ("held", "the slider is pulled back"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(("why__in", ["easy", "hard", "rule", "no_answer", "sentinel", "stale", "held"])),
                name="decision_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "sentinels_off__contained_by",
                        ["gibberish", "repetition", "echo", "unfamiliar", "language", "collapse"],
                    )
                ),
                name="task_sentinels_off",
            ),
        ),
        migrations.RunSQL(DEFAULTS, DEFAULTS_AWAY),
        migrations.RunSQL(VACUUM, VACUUM_AWAY),
    ]
