"""Marks on fields and passages, a task's own reasons, and what is right for the wrong reason."""

import django.db.models.deletion
from django.db import migrations, models

import slider.models.reasons

# Processes of the version before, which know nothing of this column, go on writing tasks while a new one starts.
REASONS = """
ALTER TABLE slider_task ALTER COLUMN reasons SET DEFAULT
    '[{"code": "wrong", "words": "Wrong value"}, {"code": "policy", "words": "Against policy"},
      {"code": "invented", "words": "Invented fact"}, {"code": "unclear", "words": "Item unclear"},
      {"code": "other", "words": "Other"}]'::jsonb;
ALTER TABLE slider_task ADD CONSTRAINT task_reasons CHECK (
    CASE WHEN jsonb_typeof(reasons) = 'array' THEN jsonb_array_length(reasons) BETWEEN 1 AND 9 ELSE false END
);
"""
REASONS_AWAY = """
ALTER TABLE slider_task DROP CONSTRAINT task_reasons;
ALTER TABLE slider_task ALTER COLUMN reasons DROP DEFAULT;
"""
# A mark goes with its verdict and is never edited. With a verdict that is taken back, its marks go too.
MARKS_STAY = """
CREATE TRIGGER mark_stays BEFORE UPDATE ON slider_mark FOR EACH ROW EXECUTE FUNCTION slider_append_only();
"""
MARKS_STAY_AWAY = "DROP TRIGGER mark_stays ON slider_mark;"


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0012_undo_and_corrections"),
    ]

    operations = [
        migrations.CreateModel(
            name="Mark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "number",
                    models.PositiveSmallIntegerField(help_text="Its place among the marks of its review, from 1."),
                ),
                (
                    "side",
                    models.CharField(
                        choices=[("source", "what came in"), ("answer", "the worker's answer")], max_length=6
                    ),
                ),
                ("path", models.CharField(blank=True, help_text="JSON pointer; empty: the whole.", max_length=500)),
                (
                    "kind",
                    models.CharField(
                        choices=[("right", "right"), ("wrong", "wrong"), ("fixed", "fixed"), ("span", "passage")],
                        max_length=5,
                    ),
                ),
                ("start", models.PositiveIntegerField(null=True)),
                ("end", models.PositiveIntegerField(null=True)),
                (
                    "reason",
                    models.CharField(blank=True, help_text="The code of one of the task's reasons.", max_length=40),
                ),
            ],
            options={
                "ordering": ("review", "number"),
            },
        ),
        migrations.AddField(
            model_name="review",
            name="lucky",
            field=models.BooleanField(
                db_default=False, help_text="Right for the wrong reason: accepted, and evidence for nothing."
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="reasons",
            field=models.JSONField(
                default=slider.models.reasons.default,
                help_text="What may be wrong with an answer: codes with their words, at most nine.",
                validators=[slider.models.reasons.check],
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(("lucky", False), ("verdict", "accept"), _connector="OR"),
                name="review_lucky_is_right",
            ),
        ),
        migrations.AddField(
            model_name="mark",
            name="review",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="marks", to="slider.review"
            ),
        ),
        migrations.AddConstraint(
            model_name="mark",
            constraint=models.UniqueConstraint(fields=("review", "number"), name="one_mark_a_number"),
        ),
        migrations.AddConstraint(
            model_name="mark",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "span"), _negated=True), fields=("review", "path"), name="one_mark_a_field"
            ),
        ),
        migrations.AddConstraint(
            model_name="mark",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1), ("number__lte", 1000)), name="mark_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="mark",
            constraint=models.CheckConstraint(condition=models.Q(("side__in", ["source", "answer"])), name="mark_side"),
        ),
        migrations.AddConstraint(
            model_name="mark",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["right", "wrong", "fixed", "span"])), name="mark_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="mark",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("end__isnull", False),
                        ("kind", "span"),
                        ("start__isnull", False),
                        ("end__gt", models.F("start")),
                        ("start__gte", 0),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("kind", "span"), _negated=True), ("end", None), ("side", "answer"), ("start", None)
                    ),
                    _connector="OR",
                ),
                name="mark_span_or_field",
            ),
        ),
        migrations.AddConstraint(
            model_name="mark",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("kind", "right"), _negated=True), ("reason", ""), _connector="OR"),
                name="mark_right",
            ),
        ),
        migrations.RunSQL(REASONS, REASONS_AWAY),
        migrations.RunSQL(MARKS_STAY, MARKS_STAY_AWAY),
    ]
