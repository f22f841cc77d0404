"""Verdicts can be taken back before they have any effect, results corrected after it; late verdicts are kept aside."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

# As in migration 0002, and one move more: back to people, while no result of the item is owed.
_MOVES = """
CREATE OR REPLACE FUNCTION slider_item_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'ready' THEN
            RAISE EXCEPTION 'an item is born ready, not %', NEW.state USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.token < OLD.token THEN
        RAISE EXCEPTION 'the token of item % may not go back', OLD.id USING ERRCODE = 'check_violation';
    END IF;{more}
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('ready', 'working'), ('ready', 'review'), ('ready', 'withdrawn'),
        ('working', 'ready'), ('working', 'review'), ('working', 'done'), ('working', 'withdrawn'),
        ('review', 'done'), ('review', 'withdrawn')
    ) THEN
        RAISE EXCEPTION 'item % may not move from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
"""
_BACK = """
    IF OLD.state = 'done' AND NEW.state = 'review' THEN
        IF EXISTS (SELECT FROM slider_publication WHERE item_id = OLD.id) THEN
            RAISE EXCEPTION 'item % may not move from done to review: its result has left or is owed', OLD.id
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;"""
MOVES, MOVES_AWAY = _MOVES.format(more=_BACK), _MOVES.format(more="")

# What has left, or may be on its way, can't be made as if it had never been.
RESULTS_LEAVE = """
CREATE FUNCTION slider_result_has_left() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.due_at <= clock_timestamp() OR OLD.tries > 0 OR OLD.delivery NOT IN ('due', 'none') THEN
        RAISE EXCEPTION 'result % of item % has left: correct it instead', OLD.number, OLD.item_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER publication_has_left BEFORE DELETE ON slider_publication
    FOR EACH ROW EXECUTE FUNCTION slider_result_has_left();
"""
RESULTS_LEAVE_AWAY = "DROP TRIGGER publication_has_left ON slider_publication; DROP FUNCTION slider_result_has_left();"

STAYS = """
CREATE TRIGGER undone_append_only BEFORE UPDATE OR DELETE ON slider_undone
    FOR EACH ROW EXECUTE FUNCTION slider_append_only();
CREATE TRIGGER secondopinion_append_only BEFORE UPDATE OR DELETE ON slider_secondopinion
    FOR EACH ROW EXECUTE FUNCTION slider_append_only();
CREATE TRIGGER correction_stays BEFORE DELETE ON slider_correction
    FOR EACH ROW EXECUTE FUNCTION slider_append_only();
CREATE TRIGGER correction_is_only_taken_back BEFORE UPDATE ON slider_correction
    FOR EACH ROW WHEN (OLD.undone_at IS NOT NULL OR
        (OLD.item_id, OLD.by_id, OLD.number, OLD.verdict, OLD.answer, OLD.reason, OLD.note, OLD.created_at)
        IS DISTINCT FROM
        (NEW.item_id, NEW.by_id, NEW.number, NEW.verdict, NEW.answer, NEW.reason, NEW.note, NEW.created_at)
    ) EXECUTE FUNCTION slider_append_only();
"""
STAYS_AWAY = """
DROP TRIGGER undone_append_only ON slider_undone;
DROP TRIGGER secondopinion_append_only ON slider_secondopinion;
DROP TRIGGER correction_stays ON slider_correction;
DROP TRIGGER correction_is_only_taken_back ON slider_correction;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0011_known_answers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField(help_text="The publication that told it.")),
                (
                    "verdict",
                    models.CharField(
                        choices=[("accept", "accepted"), ("fix", "fixed"), ("reject", "rejected")], max_length=6
                    ),
                ),
                (
                    "answer",
                    models.JSONField(help_text="The answer that holds after it; null after a rejection.", null=True),
                ),
                ("reason", models.CharField(max_length=40)),
                ("note", models.TextField(blank=True, max_length=5000)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("undo_until", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="SecondOpinion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.BigIntegerField(help_text="The claim that it was said under, which had run out.")),
                (
                    "verdict",
                    models.CharField(
                        choices=[("accept", "accepted"), ("fix", "fixed"), ("reject", "rejected")], max_length=6
                    ),
                ),
                ("answer", models.JSONField(null=True)),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("note", models.TextField(blank=True, max_length=5000)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Undone",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.BigIntegerField(help_text="The claim that it was said under.")),
                (
                    "verdict",
                    models.CharField(
                        choices=[("accept", "accepted"), ("fix", "fixed"), ("reject", "rejected")], max_length=6
                    ),
                ),
                ("answer", models.JSONField(null=True)),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("note", models.TextField(blank=True, max_length=5000)),
                ("decided_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddField(
            model_name="publication",
            name="review",
            field=models.ForeignKey(
                db_index=False,
                help_text="The look whose verdict it tells.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="slider.review",
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="undo_until",
            field=models.DateTimeField(
                help_text="Until then its verdict can be taken back: nobody counts it.", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="publication",
            index=models.Index(
                condition=models.Q(("review__isnull", False)), fields=["review"], name="publication_by_review"
            ),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                condition=models.Q(("undo_until__isnull", False)),
                fields=["task", "undo_until"],
                name="review_undo_until",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(("undo_until", None), ("state", "decided"), _connector="OR"),
                name="review_undo_only_while_decided",
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="item",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="corrections", to="slider.item"
            ),
        ),
        migrations.AddField(
            model_name="secondopinion",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="secondopinion",
            name="review",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="opinions", to="slider.review"
            ),
        ),
        migrations.AddField(
            model_name="undone",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="undone",
            name="review",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="undone", to="slider.review"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at", None)), fields=("item", "number"), name="one_correction_a_number"
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 2), ("verdict__in", ["fix", "reject"])), name="correction_verdict"
            ),
        ),
        migrations.AddConstraint(
            model_name="secondopinion",
            constraint=models.UniqueConstraint(fields=("review", "by", "token"), name="one_opinion_a_claim"),
        ),
        migrations.AddConstraint(
            model_name="secondopinion",
            constraint=models.CheckConstraint(
                condition=models.Q(("verdict__in", ["accept", "fix", "reject"])), name="opinion_verdict"
            ),
        ),
        migrations.AddIndex(
            model_name="undone",
            index=models.Index(fields=["by", "-created_at"], name="undone_by_person"),
        ),
        migrations.AddConstraint(
            model_name="undone",
            constraint=models.UniqueConstraint(fields=("review", "token"), name="one_undo_a_claim"),
        ),
        migrations.AddConstraint(
            model_name="undone",
            constraint=models.CheckConstraint(
                condition=models.Q(("verdict__in", ["accept", "fix", "reject"])), name="undone_verdict"
            ),
        ),
        migrations.RunSQL(MOVES, MOVES_AWAY),
        migrations.RunSQL(RESULTS_LEAVE, RESULTS_LEAVE_AWAY),
        migrations.RunSQL(STAYS, STAYS_AWAY),
    ]
