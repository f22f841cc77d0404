"""The guard's memory, the verdicts it has yet to hear, its acts, looks back and quarantine."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

ACTS_STAY = """
CREATE TRIGGER act_append_only BEFORE UPDATE OR DELETE ON slider_act
    FOR EACH ROW EXECUTE FUNCTION slider_append_only();
"""
ACTS_STAY_AWAY = "DROP TRIGGER act_append_only ON slider_act;"

# Rows come and go with every verdict, and the memory is written anew with every look that found something.
VACUUM = """
ALTER TABLE slider_unheard SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);
ALTER TABLE slider_watch SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 50);
"""
VACUUM_AWAY = """
ALTER TABLE slider_unheard RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
ALTER TABLE slider_watch RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold);
"""


class Migration(migrations.Migration):
    dependencies = (("slider", "0008_tallies"),)

    operations = (
        migrations.CreateModel(
            name="Act",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("epoch", models.PositiveIntegerField(help_text="The epoch whose evidence spoke.")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "opened by evidence"),
                            ("pulled_back", "pulled back"),
                            ("anew", "evidence starts anew"),
                            ("suspicion", "more audits, and a look back"),
                            ("look_back", "a look back"),
                            ("quarantine", "put in quarantine"),
                            ("cleared", "cleared"),
                        ],
                        max_length=12,
                    ),
                ),
                ("words", models.CharField(max_length=500)),
                ("facts", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="Unheard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
        ),
        migrations.CreateModel(
            name="Watch",
            fields=[
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="watch",
                        serialize=False,
                        to="slider.task",
                    ),
                ),
                ("epoch", models.PositiveIntegerField(default=1)),
                (
                    "round",
                    models.BigIntegerField(
                        default=0, help_text="Fences: one more with each look that took something in."
                    ),
                ),
                (
                    "state",
                    models.JSONField(
                        default=dict, help_text="The epoch's evidence, as the engine keeps it. Empty: none yet."
                    ),
                ),
                (
                    "routed_to",
                    models.BigIntegerField(default=0, help_text="Routed items before this place were taken note of."),
                ),
                (
                    "counted_to",
                    models.BigIntegerField(
                        default=0, help_text="The oldest look that is owed: verdicts before it count."
                    ),
                ),
                (
                    "settled_to",
                    models.BigIntegerField(default=0, help_text="The oldest audit that is owed: the ledger ends here."),
                ),
                (
                    "ledger",
                    models.JSONField(
                        default=dict, help_text="Over all epochs: unattended items, and errors found by rung."
                    ),
                ),
                ("ledger_since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "fitted_at",
                    models.PositiveIntegerField(
                        default=0, help_text="Verdicts of this epoch at the last fit; 0: none."
                    ),
                ),
                ("judged", models.PositiveIntegerField(default=0, help_text="Verdicts that count in this epoch.")),
                ("detectors", models.JSONField(default=list, help_text="The state of each detector, in words.")),
                ("updated_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="decision",
            name="decision_why",
        ),
        migrations.RemoveConstraint(
            model_name="review",
            name="review_kind",
        ),
        migrations.AddField(
            model_name="review",
            name="aimed",
            field=models.BooleanField(
                db_default=False, help_text="A look back to where something looked wrong: no sample of the whole lane."
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
                    ("quarantine", "a stretch of confident answers was found wrong"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="review",
            name="kind",
            field=models.CharField(
                choices=[("gate", "gate"), ("audit", "audit"), ("lookback", "look back")], max_length=8
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("why__in", ["easy", "hard", "rule", "no_answer", "sentinel", "stale", "held", "quarantine"])
                ),
                name="decision_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["gate", "audit", "lookback"])), name="review_kind"
            ),
        ),
        migrations.AddField(
            model_name="act",
            name="policy",
            field=models.ForeignKey(
                help_text="In force after the act.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="acts",
                to="slider.policy",
            ),
        ),
        migrations.AddField(
            model_name="act",
            name="task",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="acts", to="slider.task"),
        ),
        migrations.AddField(
            model_name="unheard",
            name="review",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="slider.review"
            ),
        ),
        migrations.AddField(
            model_name="unheard",
            name="task",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="slider.task"
            ),
        ),
        migrations.AddIndex(
            model_name="act",
            index=models.Index(fields=["task", "-id"], name="act_newest"),
        ),
        migrations.AddConstraint(
            model_name="act",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["opened", "pulled_back", "anew", "suspicion", "look_back", "quarantine", "cleared"])
                ),
                name="act_kind",
            ),
        ),
        migrations.AddIndex(
            model_name="unheard",
            index=models.Index(fields=["task", "id"], name="unheard_by_task"),
        ),
        migrations.AlterField(
            model_name="task",
            name="judge_within_h",
            field=models.PositiveSmallIntegerField(
                default=72,
                help_text="A look that is owed for longer counts as a wrong answer in the evidence, for good.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(2000),
                ],
            ),
        ),
        migrations.AlterField(
            model_name="task",
            name="never_unattended",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text='Hard rules: [{"field": "channel", "equals": "legal"}, {"field": "amount", "at_least": 1000}, …].',
            ),
        ),
        migrations.RunSQL(ACTS_STAY, ACTS_STAY_AWAY),
        migrations.RunSQL(VACUUM, VACUUM_AWAY),
    )
