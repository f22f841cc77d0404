"""Claims that ended without a verdict, and what gives way when too much waits."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

STAYS = """
CREATE TRIGGER freed_append_only BEFORE UPDATE OR DELETE ON slider_freed
    FOR EACH ROW EXECUTE FUNCTION slider_append_only();
"""
STAYS_AWAY = "DROP TRIGGER freed_append_only ON slider_freed;"


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0015_three_ahead_by_turn"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Freed",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.BigIntegerField(help_text="The claim that ended.")),
                ("taken_at", models.DateTimeField(null=True)),
                ("words", models.CharField(blank=True, max_length=250)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Spell",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "policy",
                    models.CharField(
                        choices=[
                            ("hold", "nothing: items wait"),
                            ("stretch", "due times: they are extended, and say so"),
                            ("fewer", "audits: as few as the floor allows"),
                        ],
                        max_length=7,
                    ),
                ),
                ("waiting", models.PositiveIntegerField(help_text="Looks that were owed when it began.")),
                ("hours", models.FloatField(help_text="What they take, when it began.")),
                ("staffed_hours", models.FloatField()),
                (
                    "extra_h",
                    models.PositiveSmallIntegerField(default=0, help_text="The most by which due times were extended."),
                ),
                ("began_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("-began_at",),
            },
        ),
        migrations.AddField(
            model_name="task",
            name="overflow",
            field=models.CharField(
                choices=[
                    ("hold", "nothing: items wait"),
                    ("stretch", "due times: they are extended, and say so"),
                    ("fewer", "audits: as few as the floor allows"),
                ],
                db_default="hold",
                default="hold",
                help_text="What gives way when more waits than a day's reviewer hours carry. Never the share.",
                max_length=7,
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="stretched_h",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                editable=False,
                help_text="So many hours later a look is due, by the overflow policy.",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("overflow", "stretch"),
                    models.Q(("overflow__in", ["hold", "stretch", "fewer"]), ("stretched_h", 0)),
                    _connector="OR",
                ),
                name="task_overflow",
            ),
        ),
        migrations.AddField(
            model_name="freed",
            name="by",
            field=models.ForeignKey(
                help_text="Empty: its lease ran out.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="freed",
            name="holder",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="freed",
            name="review",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="freed", to="slider.review"
            ),
        ),
        migrations.AddField(
            model_name="spell",
            name="task",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="spells", to="slider.task"
            ),
        ),
        migrations.AddConstraint(
            model_name="freed",
            constraint=models.UniqueConstraint(fields=("review", "token"), name="one_end_a_claim"),
        ),
        migrations.AddConstraint(
            model_name="freed",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("by", None), ("words", "")),
                    models.Q(("by__isnull", False), models.Q(("words", ""), _negated=True)),
                    _connector="OR",
                ),
                name="freed_by_a_lead_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="spell",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("task",), name="one_spell_of_overflow_a_task"
            ),
        ),
        migrations.AddConstraint(
            model_name="spell",
            constraint=models.CheckConstraint(
                condition=models.Q(("policy__in", ["hold", "stretch", "fewer"])), name="spell_policy"
            ),
        ),
        migrations.AddConstraint(
            model_name="spell",
            constraint=models.CheckConstraint(
                condition=models.Q(("policy", "stretch"), ("extra_h", 0), _connector="OR"),
                name="spell_stretches_by_policy",
            ),
        ),
        migrations.RunSQL(STAYS, STAYS_AWAY),
    ]
