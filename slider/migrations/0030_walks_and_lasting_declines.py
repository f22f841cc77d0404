"""A walk through open looks goes on where it stopped; a decline lasts over every later look at the item."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

# `declined` on a look says that the rule has to ask who has passed its item on. It follows from the declines, whoever
# writes them and whichever comes first: the item's row makes a new look and a new decline wait for each other. Looks
# of other kinds, and one of several, are always asked about.
DECLINES_LAST = """
CREATE FUNCTION slider_look_was_declined() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM slider_item i WHERE i.id = NEW.item_id FOR KEY SHARE;
    NEW.declined := NEW.declined OR EXISTS (
        SELECT FROM slider_review o JOIN slider_decline d ON d.review_id = o.id WHERE o.item_id = NEW.item_id
    );
    RETURN NEW;
END $$;
CREATE TRIGGER review_declined BEFORE INSERT ON slider_review
    FOR EACH ROW WHEN (NEW.looks IS NULL AND NEW.kind IN ('gate', 'audit', 'lookback'))
    EXECUTE FUNCTION slider_look_was_declined();
CREATE FUNCTION slider_decline_lasts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    the_item bigint;
BEGIN
    SELECT r.item_id INTO the_item FROM slider_review r WHERE r.id = NEW.review_id;
    PERFORM FROM slider_item i WHERE i.id = the_item FOR UPDATE;
    UPDATE slider_review SET declined = true
    WHERE item_id = the_item AND state IN ('open', 'held') AND NOT declined AND looks IS NULL
      AND kind IN ('gate', 'audit', 'lookback');
    RETURN NULL;
END $$;
CREATE TRIGGER decline_lasts AFTER INSERT ON slider_decline FOR EACH ROW EXECUTE FUNCTION slider_decline_lasts();
"""
DECLINES_LAST_AWAY = """
DROP TRIGGER decline_lasts ON slider_decline;
DROP FUNCTION slider_decline_lasts();
DROP TRIGGER review_declined ON slider_review;
DROP FUNCTION slider_look_was_declined();
"""


class Migration(migrations.Migration):
    dependencies = (
        ("slider", "0029_every_why_is_known"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )

    operations = (
        migrations.CreateModel(
            name="Walk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("turn", models.DateTimeField(help_text="The turn of the look that was reached.")),
                ("look", models.BigIntegerField(help_text="Its id; it may be gone by now.")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "task",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="slider.task"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("user", "task"), name="one_walk_a_person")],
            },
        ),
        migrations.RunSQL(DECLINES_LAST, DECLINES_LAST_AWAY),
    )
