"""History: past outputs that people have judged, kept as evidence that nobody edits."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

PAST_STAYS = """
CREATE TRIGGER past_in_force_stays BEFORE UPDATE OR DELETE ON slider_past
    FOR EACH ROW WHEN (OLD.state = 'in_force') EXECUTE FUNCTION slider_append_only();
CREATE FUNCTION slider_past_row_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM slider_past WHERE id = OLD.past_id AND state = 'in_force') THEN
        RAISE EXCEPTION 'row % of history % is evidence: it is never edited or deleted', OLD.place, OLD.past_id
            USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER past_row_stays BEFORE UPDATE OR DELETE ON slider_pastrow
    FOR EACH ROW EXECUTE FUNCTION slider_past_row_stays();
"""
PAST_STAYS_AWAY = """
DROP TRIGGER past_row_stays ON slider_pastrow;
DROP FUNCTION slider_past_row_stays();
DROP TRIGGER past_in_force_stays ON slider_past;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0003_sentinels"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Past",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reading", "is being read"),
                            ("asking", "waits for an answer"),
                            ("ready", "waits to be put into force"),
                            ("failed", "can't be used"),
                            ("in_force", "was put into force"),
                            ("dropped", "was dropped"),
                        ],
                        default="reading",
                        max_length=8,
                    ),
                ),
                ("columns", models.JSONField(default=list, help_text="The file's columns and what they hold.")),
                (
                    "answers",
                    models.JSONField(
                        default=dict, help_text="What each column means, and what people said when asked."
                    ),
                ),
                (
                    "findings",
                    models.JSONField(default=dict, help_text="Counts, order, ranking, and what is still to be asked."),
                ),
                ("rows", models.PositiveIntegerField(default=0, help_text="Rows that count as evidence.")),
                (
                    "counters",
                    models.JSONField(default=dict, help_text="Labels by bin of rank, weight class and outcome."),
                ),
                ("calibration", models.JSONField(default=dict)),
                ("epoch", models.PositiveIntegerField(help_text="The evidence epoch that it began.", null=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="PastRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveIntegerField()),
                ("external_id", models.CharField(max_length=255)),
                (
                    "own",
                    models.BooleanField(help_text="Of the worker itself; those of others only say where to begin."),
                ),
                ("signals", models.JSONField(default=dict)),
                ("correct", models.BooleanField()),
                ("propensity", models.FloatField(help_text="The chance with which it was looked at.")),
            ],
        ),
        migrations.AddField(
            model_name="import",
            name="purpose",
            field=models.CharField(
                choices=[("items", "items to work on"), ("history", "past outputs that people have judged")],
                db_default="items",
                max_length=7,
            ),
        ),
        migrations.AddConstraint(
            model_name="import",
            constraint=models.CheckConstraint(
                condition=models.Q(("purpose__in", ["items", "history"])), name="import_purpose"
            ),
        ),
        migrations.AddField(
            model_name="past",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="past",
            name="file",
            field=models.OneToOneField(
                help_text="Empty: a command.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="past",
                to="slider.import",
            ),
        ),
        migrations.AddField(
            model_name="past",
            name="policy",
            field=models.ForeignKey(
                help_text="What it put into force.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="slider.policy",
            ),
        ),
        migrations.AddField(
            model_name="past",
            name="task",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="pasts", to="slider.task"
            ),
        ),
        migrations.AddField(
            model_name="past",
            name="worker",
            field=models.ForeignKey(
                help_text="Whose outputs they are.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="slider.worker",
            ),
        ),
        migrations.AddField(
            model_name="pastrow",
            name="past",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="kept", to="slider.past"),
        ),
        migrations.AddIndex(
            model_name="past",
            index=models.Index(fields=["task", "epoch"], name="past_by_epoch"),
        ),
        migrations.AddConstraint(
            model_name="past",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["reading", "asking", "ready", "failed", "in_force", "dropped"])),
                name="past_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="past",
            constraint=models.UniqueConstraint(fields=("task", "epoch"), name="one_past_an_epoch"),
        ),
        migrations.AddConstraint(
            model_name="past",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("policy__isnull", False), ("state", "in_force")),
                    models.Q(models.Q(("state", "in_force"), _negated=True), ("epoch", None), ("policy", None)),
                    _connector="OR",
                ),
                name="past_in_force_by_a_policy",
            ),
        ),
        migrations.AddIndex(
            model_name="pastrow",
            index=models.Index(fields=["external_id"], name="past_row_by_id"),
        ),
        migrations.AddConstraint(
            model_name="pastrow",
            constraint=models.UniqueConstraint(fields=("past", "place"), name="one_past_row_a_place"),
        ),
        migrations.AddConstraint(
            model_name="pastrow",
            constraint=models.CheckConstraint(
                condition=models.Q(("propensity__gt", 0), ("propensity__lte", 1)), name="past_row_propensity"
            ),
        ),
        migrations.RunSQL(PAST_STAYS, PAST_STAYS_AWAY),
    ]
