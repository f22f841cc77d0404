"""Old items may leave the busy tables for the archive, and nothing else of them may go or change."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

# As in migration 0002, and two things more: what stands in the archive may go from where it was, and come back there.
_APPEND_ONLY = """
CREATE OR REPLACE FUNCTION slider_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN{more}
    RAISE EXCEPTION '% is append-only: rows are added, never edited or deleted', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
"""
_ARCHIVED = """
    IF TG_TABLE_NAME = 'slider_move' AND TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT FROM slider_archived WHERE item_id = OLD.item_id) THEN
            RETURN OLD;
        END IF;
    ELSIF TG_TABLE_NAME = 'slider_attempt' AND TG_OP = 'UPDATE' THEN
        IF to_jsonb(OLD) - '{samples,fields,raw,answer}'::text[] = to_jsonb(NEW) - '{samples,fields,raw,answer}'::text[]
            AND EXISTS (SELECT FROM slider_archived a WHERE a.item_id = OLD.item_id
                        AND (a.whole OR OLD.answer IS NOT DISTINCT FROM NEW.answer)) THEN
            RETURN NEW;
        END IF;
    END IF;"""
APPEND_ONLY, APPEND_ONLY_AWAY = _APPEND_ONLY.replace("{more}", _ARCHIVED), _APPEND_ONLY.replace("{more}", "")

# The sheet of an archived item can't be shown. The lock waits for whoever is just archiving it, and lets them pass it by
# where this came first.
RULES = """
CREATE FUNCTION slider_no_look_at_archived() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM slider_item WHERE id = NEW.item_id FOR KEY SHARE;
    IF EXISTS (SELECT FROM slider_archived WHERE item_id = NEW.item_id) THEN
        RAISE EXCEPTION 'item % is archived: bring it back before anybody looks at it', NEW.item_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER review_not_of_archived AFTER INSERT ON slider_review
    FOR EACH ROW EXECUTE FUNCTION slider_no_look_at_archived();
CREATE TRIGGER known_not_of_archived AFTER INSERT ON slider_known
    FOR EACH ROW EXECUTE FUNCTION slider_no_look_at_archived();
CREATE FUNCTION slider_payload_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM slider_archived WHERE item_id = OLD.item_id AND whole AND sha256 = OLD.sha256) THEN
        RAISE EXCEPTION 'the payload of item % stays: it is only taken away once it stands in the archive', OLD.item_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER payload_stays BEFORE DELETE ON slider_payload
    FOR EACH ROW EXECUTE FUNCTION slider_payload_stays();
CREATE FUNCTION slider_archive_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM slider_payload WHERE item_id = OLD.item_id)
        OR NOT EXISTS (SELECT FROM slider_move WHERE item_id = OLD.item_id) THEN
        RAISE EXCEPTION 'the archive of item % stays: it is only taken away once all of it is back', OLD.item_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER archived_stays BEFORE DELETE ON slider_archived
    FOR EACH ROW EXECUTE FUNCTION slider_archive_stays();
CREATE TRIGGER archived_append_only BEFORE UPDATE ON slider_archived
    FOR EACH ROW EXECUTE FUNCTION slider_append_only();
"""
RULES_AWAY = """
DROP TRIGGER review_not_of_archived ON slider_review;
DROP TRIGGER known_not_of_archived ON slider_known;
DROP FUNCTION slider_no_look_at_archived();
DROP TRIGGER payload_stays ON slider_payload;
DROP FUNCTION slider_payload_stays();
DROP TRIGGER archived_stays ON slider_archived;
DROP FUNCTION slider_archive_stays();
DROP TRIGGER archived_append_only ON slider_archived;
"""

# A story is packed already. Where old rows leave all the time, their room is wanted sooner than at a fifth of a table.
ROOM = """
ALTER TABLE slider_archived ALTER COLUMN story SET STORAGE EXTERNAL;
ALTER TABLE slider_move SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE slider_payload SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE slider_attempt SET (autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE slider_archivewalk SET (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);
"""
ROOM_AWAY = """
ALTER TABLE slider_move RESET (autovacuum_vacuum_scale_factor);
ALTER TABLE slider_payload RESET (autovacuum_vacuum_scale_factor);
ALTER TABLE slider_attempt RESET (autovacuum_vacuum_scale_factor);
"""


class Migration(migrations.Migration):
    dependencies = (("slider", "0030_walks_and_lasting_declines"),)

    operations = (
        migrations.CreateModel(
            name="Archived",
            fields=[
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="archived",
                        serialize=False,
                        to="slider.item",
                    ),
                ),
                (
                    "whole",
                    models.BooleanField(
                        help_text="Nobody has looked at it: the payload and the answers are in here too."
                    ),
                ),
                (
                    "sha256",
                    models.BinaryField(help_text="The payload's, where that is in here.", max_length=32, null=True),
                ),
                ("story", models.BinaryField(help_text="Packed JSON, see `pack`.")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "constraints": (
                    models.CheckConstraint(
                        condition=models.Q(sha256__isnull=False, whole=True) | models.Q(sha256=None, whole=False),
                        name="archived_whole_knows_its_payload",
                    ),
                ),
            },
        ),
        migrations.CreateModel(
            name="ArchiveWalk",
            fields=[
                (
                    "task",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="slider.task",
                    ),
                ),
                (
                    "upto",
                    models.BigIntegerField(default=0, help_text="Items up to this id were looked at on this walk."),
                ),
                (
                    "rests_until",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="When the next walk begins, or this goes on.",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="task",
            name="archive_after_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Items leave the busy tables for the archive so many days after they ended. Empty: never.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(3650),
                ],
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(archive_after_days=None) | models.Q(archive_after_days__gte=1), name="task_archive"
            ),
        ),
        migrations.RunSQL(APPEND_ONLY, APPEND_ONLY_AWAY),
        migrations.RunSQL(RULES, RULES_AWAY),
        migrations.RunSQL(ROOM, ROOM_AWAY),
    )
