"""What an item holds may go, and nothing but that: rules that let it, keep the numbers, and tell the log of all of it."""

import importlib

from django.db import migrations

_archive = importlib.import_module("slider.migrations.0031_old_items_leave")
_log = importlib.import_module("slider.migrations.0035_what_the_log_tells")

# While a row of `slider_emptied` is not told, contents of its item may become nothing; no other value may change, and
# to nothing else. A change that is not told of in the end is one that `verify_log` finds.
MAY_GO = """
CREATE FUNCTION slider_may_go(was jsonb, is_now jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    of_item bigint := coalesce((was ->> 'item_id')::bigint, (
        SELECT r.item_id FROM slider_review r WHERE r.id = coalesce(was ->> 'review_id', was ->> 'look_id')::bigint));
BEGIN
    RETURN EXISTS (SELECT FROM slider_emptied e WHERE e.item_id = of_item AND NOT e.told)
        AND NOT EXISTS (
            SELECT FROM jsonb_each(is_now) AS n WHERE was -> n.key IS DISTINCT FROM n.value AND NOT (
                n.key IN ('answer', 'samples', 'fields', 'raw', 'detail', 'note', 'words', 'reason')
                AND n.value IN ('null', '[]', '""', '"(deleted)"')
                OR n.key = 'decision' AND n.value = (was -> 'decision') || '{"detail": ""}'));
END $$;
"""
MAY_GO_AWAY = "DROP FUNCTION slider_may_go(jsonb, jsonb);"
_GOES = """
    IF TG_OP = 'UPDATE' AND slider_may_go(to_jsonb(OLD), to_jsonb(NEW)) THEN
        RETURN NEW;
    END IF;"""
APPEND_ONLY = _archive._APPEND_ONLY.replace("{more}", _archive._ARCHIVED + _GOES)
APPEND_ONLY_AWAY = _archive.APPEND_ONLY

RULES = """
CREATE FUNCTION slider_emptied_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM slider_item WHERE id = NEW.item_id AND state IN ('done', 'withdrawn')) THEN
            RAISE EXCEPTION 'item % is not final: what it holds is needed', NEW.item_id USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (SELECT FROM slider_archived WHERE item_id = NEW.item_id) THEN
            RAISE EXCEPTION 'item % is archived: bring it back before its contents go', NEW.item_id
                USING ERRCODE = 'check_violation';
        END IF;
    ELSIF TG_OP = 'UPDATE' AND (
        (NEW.told AND NOT OLD.told AND to_jsonb(NEW) - 'told' = to_jsonb(OLD) - 'told')
        OR (OLD.told AND NOT NEW.told AND OLD.cause = 'rule' AND NEW.cause = 'request' AND OLD.item_id = NEW.item_id)
    ) THEN
        RETURN NEW;
    ELSE
        RAISE EXCEPTION 'that the contents of item % are gone can''t be taken back', OLD.item_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER emptied_stays BEFORE INSERT OR UPDATE OR DELETE ON slider_emptied
    FOR EACH ROW EXECUTE FUNCTION slider_emptied_stays();
CREATE FUNCTION slider_emptied_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM slider_emptied WHERE item_id = NEW.item_id AND NOT told) THEN
        RAISE EXCEPTION 'the log was not told what went of item %', NEW.item_id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER emptied_whole AFTER INSERT OR UPDATE ON slider_emptied DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION slider_emptied_whole();
CREATE FUNCTION slider_nothing_of_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_item bigint := coalesce((to_jsonb(NEW) ->> 'item_id')::bigint, (
        SELECT r.item_id FROM slider_review r WHERE r.id = (to_jsonb(NEW) ->> 'review_id')::bigint));
BEGIN
    PERFORM FROM slider_item WHERE id = of_item FOR KEY SHARE;
    IF EXISTS (SELECT FROM slider_emptied WHERE item_id = of_item) THEN
        RAISE EXCEPTION 'the contents of item % were deleted: there is nothing to say of it any more', of_item
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
""" + "\n".join(  # noqa: S608  # nothing in it comes from outside
    f"CREATE TRIGGER {table}_not_of_emptied AFTER INSERT ON slider_{table} "
    "FOR EACH ROW EXECUTE FUNCTION slider_nothing_of_emptied();"
    for table in ("review", "known", "correction", "secondopinion", "ownanswer", "practice")
)
RULES_AWAY = (
    "\n".join(
        f"DROP TRIGGER {table}_not_of_emptied ON slider_{table};"
        for table in ("review", "known", "correction", "secondopinion", "ownanswer", "practice")
    )
    + """
DROP FUNCTION slider_nothing_of_emptied();
DROP TRIGGER emptied_whole ON slider_emptied;
DROP FUNCTION slider_emptied_whole();
DROP TRIGGER emptied_stays ON slider_emptied;
DROP FUNCTION slider_emptied_stays();
"""
)

# Evidence stays; only the id that it was found under goes, where the item was erased.
_PAST = """
CREATE OR REPLACE FUNCTION slider_past_row_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN{more}
    IF EXISTS (SELECT 1 FROM slider_past WHERE id = OLD.past_id AND state = 'in_force') THEN
        RAISE EXCEPTION 'row % of history % is evidence: it is never edited or deleted', OLD.place, OLD.past_id
            USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
"""
_NAMELESS = """
    IF TG_OP = 'UPDATE' AND NEW.external_id LIKE 'erased:%'
        AND to_jsonb(OLD) - 'external_id' = to_jsonb(NEW) - 'external_id' THEN
        RETURN NEW;
    END IF;"""
PAST, PAST_AWAY = _PAST.replace("{more}", _NAMELESS), _PAST.replace("{more}", "")

# What goes is not told row by row but once for all items of a statement, with the digests of what is left of each row.
_SILENT = """
    IF TG_OP = 'UPDATE' AND slider_may_go(to_jsonb(OLD), to_jsonb(NEW)) THEN
        RETURN NULL;
    END IF;
"""


def _function(name: str) -> str:
    """A function of migration 0035, as it stands there."""
    text: str = _log.COUNTING
    begin = text.index(f"CREATE FUNCTION {name}()")
    end = text.index("END $$;", begin) + len("END $$;")
    return text[begin:end].replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


def _silent(name: str) -> str:
    before, after = _function(name).split("BEGIN\n", 1)
    return f"{before}BEGIN{_SILENT}{after}"


TELLING = f"""
{_silent("slider_log_result")}
{_silent("slider_log_verdict")}
CREATE FUNCTION slider_log_emptied() RETURNS trigger {_log._SAME} AS $$
BEGIN
    PERFORM slider_log_write('result', t.project_id, t.id, coalesce(c.by_id, slider_log_by()), jsonb_build_object(
        'table', 'publication', 'op', 'changed', 'rows', c.rows, 'emptied', true), c.digests)
    FROM (
        SELECT i.task_id, max(e.by_id) AS by_id, count(*) AS rows,
               string_agg({_log._PACKED.format(key="r.id", row=_log.RESULT)}, '' ORDER BY r.id) AS digests
        FROM came e JOIN gone g ON g.item_id = e.item_id JOIN slider_item i ON i.id = e.item_id
        JOIN slider_publication r ON r.item_id = e.item_id WHERE e.told AND NOT g.told GROUP BY i.task_id
    ) AS c JOIN slider_task t ON t.id = c.task_id;
    PERFORM slider_log_write('verdict', t.project_id, t.id, coalesce(c.by_id, slider_log_by()), jsonb_build_object(
        'table', 'review', 'op', 'changed', 'rows', c.rows, 'emptied', true), c.digests)
    FROM (
        SELECT i.task_id, max(e.by_id) AS by_id, count(*) AS rows,
               string_agg({_log._PACKED.format(key="r.id", row=_log.VERDICT)}, '' ORDER BY r.id) AS digests
        FROM came e JOIN gone g ON g.item_id = e.item_id JOIN slider_item i ON i.id = e.item_id
        JOIN slider_review r ON r.item_id = e.item_id AND r.verdict <> ''
        WHERE e.told AND NOT g.told GROUP BY i.task_id
    ) AS c JOIN slider_task t ON t.id = c.task_id;
    PERFORM slider_log_write('decision', t.project_id, t.id, coalesce(c.by_id, slider_log_by()), jsonb_build_object(
        'table', 'decision', 'op', 'changed', 'rows', c.rows, 'emptied', true), c.digests)
    FROM (
        SELECT i.task_id, max(e.by_id) AS by_id, count(*) AS rows,
               string_agg({_log._PACKED.format(key="r.item_id", row=_log.DECISION)}, '' ORDER BY r.seq) AS digests
        FROM came e JOIN gone g ON g.item_id = e.item_id JOIN slider_item i ON i.id = e.item_id
        JOIN slider_decision r ON r.item_id = e.item_id WHERE e.told AND NOT g.told GROUP BY i.task_id
    ) AS c JOIN slider_task t ON t.id = c.task_id;
    PERFORM slider_log_write('privacy', t.project_id, t.id, coalesce(c.by_id, slider_log_by()), c.facts, NULL)
    FROM (
        SELECT i.task_id, max(e.by_id) AS by_id,
               jsonb_build_object('deed', 'deleted', 'cause', e.cause, 'items', count(*), 'days', max(e.days))
               || CASE WHEN count(*) = 1 THEN jsonb_build_object('item', max(e.item_id), 'words', max(e.words))
                  ELSE jsonb_build_object('first', min(e.item_id), 'last', max(e.item_id)) END AS facts
        FROM came e JOIN gone g ON g.item_id = e.item_id JOIN slider_item i ON i.id = e.item_id
        WHERE e.told AND NOT g.told GROUP BY i.task_id, e.cause
    ) AS c JOIN slider_task t ON t.id = c.task_id;
    RETURN NULL;
END $$;
DO $$ BEGIN
    CREATE TRIGGER emptied_told AFTER UPDATE ON slider_emptied REFERENCING OLD TABLE AS gone NEW TABLE AS came
        FOR EACH STATEMENT EXECUTE FUNCTION slider_log_emptied();
END $$;
"""  # noqa: S608  # nothing but names of ours goes into this text
TELLING_AWAY = f"""
DROP TRIGGER emptied_told ON slider_emptied;
DROP FUNCTION slider_log_emptied();
{_function("slider_log_result")}
{_function("slider_log_verdict")}
"""


class Migration(migrations.Migration):
    dependencies = (("slider", "0037_what_may_leave_and_what_goes"),)

    operations = (
        migrations.RunSQL(MAY_GO, MAY_GO_AWAY),
        migrations.RunSQL(APPEND_ONLY, APPEND_ONLY_AWAY),
        migrations.RunSQL(RULES, RULES_AWAY),
        migrations.RunSQL(PAST, PAST_AWAY),
        migrations.RunSQL(TELLING, TELLING_AWAY),
    )
