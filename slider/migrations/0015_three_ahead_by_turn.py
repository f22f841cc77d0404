"""Looks are handed out by their turn, several at once to an open page; people choose which tasks they see."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# Processes of the version before, which know nothing of these columns, go on writing while a new one starts.
DEFAULTS = """
ALTER TABLE slider_review ALTER COLUMN turn SET DEFAULT clock_timestamp();
ALTER TABLE slider_gauge ALTER COLUMN worths SET DEFAULT '[]'::jsonb;
"""
DEFAULTS_AWAY = """
ALTER TABLE slider_review ALTER COLUMN turn DROP DEFAULT;
ALTER TABLE slider_gauge ALTER COLUMN worths DROP DEFAULT;
"""
# When a look comes first, for whoever asks for it. A look that is worth most (pressing 1) comes at once, one that is
# worth least may be overtaken for the task's hours, and a due time leaves it half of the time that is left.
# Looks that nobody may tell from the rest (audits, looks back, known answers, second looks) take how pressing they are,
# and those at items of the past their due time too, from one of the task's recent looks, by the item's own coin.
TURN = """
CREATE FUNCTION slider_review_turn() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    secret bytea; overtaken_h float8; within_h float8; worths jsonb; came timestamptz; due timestamptz;
    coin float8; lent jsonb; patience interval;
BEGIN
    SELECT t.coin_secret, t.overtaken_h, t.answer_within_h, g.worths, i.created_at, i.due_at
    INTO secret, overtaken_h, within_h, worths, came, due
    FROM slider_item i JOIN slider_task t ON t.id = i.task_id LEFT JOIN slider_gauge g ON g.task_id = t.id
    WHERE i.id = NEW.item_id;
    IF NEW.pressing IS NULL OR NEW.kind NOT IN ('gate', 'audit') THEN
        coin := ('x' || left(encode(sha256(coalesce(secret, ''::bytea) || convert_to(
            format('turn|%s|%s|%s', NEW.item_id, NEW.kind, NEW.slot), 'UTF8')), 'hex'), 12))::bit(48)::bigint
            / 281474976710656.0;
        lent := worths -> floor(coin * jsonb_array_length(worths))::int;
        NEW.pressing := coalesce(NEW.pressing, (lent ->> 1)::float8, 0.5);
    END IF;
    IF NEW.kind IN ('gate', 'audit') THEN
        NEW.due_at := coalesce(NEW.due_at, due, came + within_h * interval '1 hour');
    ELSE
        NEW.due_at := coalesce(NEW.due_at, NEW.created_at + (lent ->> 2)::float8 * interval '1 second');
    END IF;
    patience := least(coalesce(overtaken_h, 24) * interval '1 hour', (NEW.due_at - NEW.created_at) / 2);
    NEW.turn := CASE
        WHEN patience < interval '0' THEN greatest(NEW.due_at, NEW.created_at - interval '1 day')
        ELSE NEW.created_at + patience * (1 - NEW.pressing)
    END;
    RETURN NEW;
END $$;
CREATE TRIGGER review_turn BEFORE INSERT ON slider_review FOR EACH ROW WHEN (NEW.turn IS NULL)
    EXECUTE FUNCTION slider_review_turn();
"""
TURN_AWAY = "DROP TRIGGER review_turn ON slider_review; DROP FUNCTION slider_review_turn();"


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0014_assignments"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Hidden",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.RemoveIndex(
            model_name="review",
            name="review_open",
        ),
        migrations.AddField(
            model_name="gauge",
            name="worths",
            field=models.JSONField(
                default=list,
                help_text="Recent looks before results leave: [worth, pressing, seconds to its due time]; null: unknown.",
            ),
        ),
        migrations.AddField(
            model_name="item",
            name="due_at",
            field=models.DateTimeField(help_text="When its result is wanted; brings its looks forward.", null=True),
        ),
        migrations.AddField(
            model_name="review",
            name="due_at",
            field=models.DateTimeField(help_text="When its answer is wanted. Empty: nobody said.", null=True),
        ),
        migrations.AddField(
            model_name="review",
            name="page",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="The open page that renews its lease; empty: none does.",
                max_length=36,
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="pressing",
            field=models.FloatField(
                help_text="How much a look is worth here: the share of recent looks that are worth less, 0-1.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="turn",
            field=models.DateTimeField(
                default=django.utils.timezone.now,
                help_text="When it comes first: the order in which looks are handed out.",
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="task",
            name="answer_within_h",
            field=models.FloatField(
                blank=True,
                help_text="An item without a due time of its own is due so many hours after it came. Empty: not said.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0.05),
                    django.core.validators.MaxValueValidator(2000),
                ],
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="overtaken_h",
            field=models.FloatField(
                db_default=24.0,
                default=24.0,
                help_text="So many hours of later looks may go before one that is worth least. 0: first come, first served.",
                validators=[
                    django.core.validators.MinValueValidator(0.0),
                    django.core.validators.MaxValueValidator(720),
                ],
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="stake_field",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The field of an item, a number, that says how much is at stake. Empty: all items alike.",
                max_length=80,
            ),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["task", "turn", "id"], name="review_turn"
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("pressing", None), models.Q(("pressing__gte", 0), ("pressing__lte", 1)), _connector="OR"
                ),
                name="review_pressing",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("overtaken_h__gte", 0),
                    ("overtaken_h__lte", 720),
                    models.Q(
                        ("answer_within_h", None),
                        models.Q(("answer_within_h__gt", 0), ("answer_within_h__lte", 2000)),
                        _connector="OR",
                    ),
                ),
                name="task_order_of_looks",
            ),
        ),
        migrations.AddField(
            model_name="hidden",
            name="task",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="slider.task"),
        ),
        migrations.AddField(
            model_name="hidden",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="hidden",
            constraint=models.UniqueConstraint(fields=("user", "task"), name="one_hiding_a_person"),
        ),
        migrations.RunSQL(DEFAULTS, DEFAULTS_AWAY),
        migrations.RunSQL(TURN, TURN_AWAY),
    ]
