"""What quotes an item may go from scores and histories; nothing of what was deleted comes back; a batch keeps its tokens."""

import importlib

from django.db import migrations, models

_gone = importlib.import_module("slider.migrations.0038_contents_may_go")

WORDLESS = """
CREATE FUNCTION slider_wordless(findings jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_agg(f.said - 'words' ORDER BY f.n), '[]')
    FROM jsonb_array_elements(findings) WITH ORDINALITY AS f(said, n)
$$;
"""
WORDLESS_AWAY = "DROP FUNCTION slider_wordless(jsonb);"

# A score loses the words of its sentinels, which quote the answer; of a history what stood in its cells is no evidence.
_LESS = """
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'slider_score' THEN
        IF to_jsonb(OLD) - 'sentinels' = to_jsonb(NEW) - 'sentinels'
            AND NEW.sentinels = slider_wordless(OLD.sentinels) AND NEW.sentinels <> OLD.sentinels THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'slider_past' THEN
        IF to_jsonb(OLD) - 'columns' = to_jsonb(NEW) - 'columns' AND NEW.columns <> OLD.columns THEN
            RETURN NEW;
        END IF;
    END IF;"""
APPEND_ONLY = _gone.APPEND_ONLY.replace("BEGIN", f"BEGIN{_LESS}", 1)

ENDS = """
CREATE FUNCTION slider_emptied_ends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM slider_emptied WHERE item_id = OLD.id) THEN
        RAISE EXCEPTION 'the contents of item % were deleted: it may not move any more', OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER item_emptied_ends BEFORE UPDATE OF state ON slider_item FOR EACH ROW
    WHEN (OLD.state IN ('done', 'withdrawn') AND NEW.state NOT IN ('done', 'withdrawn'))
    EXECUTE FUNCTION slider_emptied_ends();
"""
ENDS_AWAY = "DROP TRIGGER item_emptied_ends ON slider_item; DROP FUNCTION slider_emptied_ends();"


class Migration(migrations.Migration):
    dependencies = (("slider", "0042_calls_and_takes_are_told_apart"),)

    operations = (
        migrations.RunSQL(WORDLESS, WORDLESS_AWAY),
        migrations.RunSQL(APPEND_ONLY, _gone.APPEND_ONLY),
        migrations.RunSQL(ENDS, ENDS_AWAY),
        migrations.AddField(
            "batch",
            "taken",
            models.JSONField(help_text="The tokens of its examples: those of its items are others.", null=True),
        ),
    )
