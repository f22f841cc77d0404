"""Known answers, second looks and a lead's word on them: looks at the reviewers, beside the looks at items."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

# Whether somebody may be given a known answer or a second look: not what they have had in hands before in any look, nor
# what they have marked themselves, and a second look only once the first can't be undone any more. Read by the claim
# and by whatever counts what waits for a person.
MAY_LOOK = """
CREATE FUNCTION slider_may_look(look bigint, item bigint, look_kind text, person bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (
        SELECT FROM slider_review o WHERE o.item_id = item AND o.id <> look AND (
            o.holder_id = person OR o.last_holder_id = person
            OR EXISTS (SELECT FROM slider_decline d WHERE d.review_id = o.id AND d.user_id = person)
        )
    ) AND NOT EXISTS (SELECT FROM slider_known k WHERE k.item_id = item AND k.by_id = person)
    AND (look_kind <> 'second' OR EXISTS (
        SELECT FROM slider_review f JOIN slider_task t ON t.id = f.task_id
        WHERE f.item_id = item AND f.kind NOT IN ('known', 'second') AND f.state = 'decided'
          AND f.decided_at <= statement_timestamp() - t.undo_s * interval '1 second'
    ))
$$;
"""
MAY_LOOK_AWAY = "DROP FUNCTION slider_may_look(bigint, bigint, text, bigint);"

WORDS_STAY = """
CREATE TRIGGER adjudication_append_only BEFORE UPDATE OR DELETE ON slider_adjudication
    FOR EACH ROW EXECUTE FUNCTION slider_append_only();
"""
WORDS_STAY_AWAY = "DROP TRIGGER adjudication_append_only ON slider_adjudication;"


class Migration(migrations.Migration):
    dependencies = (
        ("slider", "0010_looks_know_their_place"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )

    operations = (
        migrations.CreateModel(
            name="Adjudication",
            fields=[
                (
                    "look",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="adjudication",
                        serialize=False,
                        to="slider.review",
                    ),
                ),
                (
                    "stands",
                    models.CharField(
                        choices=[("first", "the first look stands"), ("second", "the second look stands")], max_length=6
                    ),
                ),
                ("words", models.TextField(max_length=2000)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Known",
            fields=[
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="known",
                        serialize=False,
                        to="slider.item",
                    ),
                ),
                ("draft_right", models.BooleanField(help_text="Whether the worker's draft was right.")),
                (
                    "answer",
                    models.JSONField(help_text="The right answer; null where the draft was only rejected.", null=True),
                ),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("agreed", "two people agreed, each without the other"),
                            ("marked", "a lead marked it"),
                        ],
                        max_length=6,
                    ),
                ),
                ("explanation", models.TextField(blank=True, max_length=2000)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "retired_at",
                    models.DateTimeField(help_text="From then on it counts for nobody, the past included.", null=True),
                ),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="review",
            name="review_kind",
        ),
        migrations.AddField(
            model_name="task",
            name="known_rate",
            field=models.FloatField(
                default=0.0,
                help_text="So many known answers are mixed in, for each look that is owed. 0: none.",
                validators=[
                    django.core.validators.MinValueValidator(0.0),
                    django.core.validators.MaxValueValidator(0.5),
                ],
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="second_rate",
            field=models.FloatField(
                default=0.0,
                help_text="The share of decided looks that somebody else looks at once more. 0: none.",
                validators=[
                    django.core.validators.MinValueValidator(0.0),
                    django.core.validators.MaxValueValidator(1.0),
                ],
            ),
        ),
        migrations.AlterField(
            model_name="review",
            name="kind",
            field=models.CharField(
                choices=[
                    ("gate", "gate"),
                    ("audit", "audit"),
                    ("lookback", "look back"),
                    ("known", "known answer"),
                    ("second", "second look"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                condition=models.Q(("kind__in", ("known", "second")), ("state", "decided")),
                fields=["task", "kind", "-decided_at"],
                name="review_of_reviewers",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["gate", "audit", "lookback", "known", "second"])), name="review_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ("known", "second")), _negated=True),
                    models.Q(("aimed", False), ("bin", None), ("place", None)),
                    _connector="OR",
                ),
                name="review_beside_is_no_evidence",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind__in", ("known", "second")), ("state", "decided")),
                fields=("item", "holder"),
                name="one_look_beside_a_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("known_rate__gte", 0), ("known_rate__lte", 0.5), ("second_rate__gte", 0), ("second_rate__lte", 1)
                ),
                name="task_looks_at_reviewers",
            ),
        ),
        migrations.AddField(
            model_name="adjudication",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="known",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="known",
            name="task",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="slider.task"),
        ),
        migrations.AddConstraint(
            model_name="adjudication",
            constraint=models.CheckConstraint(
                condition=models.Q(("stands__in", ["first", "second"])), name="adjudication_stands"
            ),
        ),
        migrations.AddConstraint(
            model_name="adjudication",
            constraint=models.CheckConstraint(
                condition=models.Q(("words", ""), _negated=True), name="adjudication_has_a_reason"
            ),
        ),
        migrations.AddIndex(
            model_name="known",
            index=models.Index(condition=models.Q(("retired_at", None)), fields=["task", "-item"], name="known_in_use"),
        ),
        migrations.AddConstraint(
            model_name="known",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("by", None), ("source", "agreed")),
                    models.Q(("by__isnull", False), ("source", "marked"), models.Q(("explanation", ""), _negated=True)),
                    _connector="OR",
                ),
                name="known_is_marked_with_a_reason",
            ),
        ),
        migrations.RunSQL(MAY_LOOK, MAY_LOOK_AWAY),
        migrations.RunSQL(WORDS_STAY, WORDS_STAY_AWAY),
    )
