"""Rules that no code can forget: the allowed moves, append-only history, results that stay as they were."""

from django.db import migrations

ITEM_MOVES = """
CREATE FUNCTION slider_item_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'ready' THEN
            RAISE EXCEPTION 'an item is born ready, not %', NEW.state USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.token < OLD.token THEN
        RAISE EXCEPTION 'the token of item % may not go back', OLD.id USING ERRCODE = 'check_violation';
    END IF;
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
CREATE TRIGGER item_moves BEFORE INSERT OR UPDATE OF state, token ON slider_item
    FOR EACH ROW EXECUTE FUNCTION slider_item_moves();
"""
ITEM_MOVES_AWAY = "DROP TRIGGER item_moves ON slider_item; DROP FUNCTION slider_item_moves();"

APPEND_ONLY_TABLES = ("move", "policy", "decision", "attempt", "score")
APPEND_ONLY = """
CREATE FUNCTION slider_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: rows are added, never edited or deleted', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
""" + "\n".join(
    f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON slider_{table} "
    "FOR EACH ROW EXECUTE FUNCTION slider_append_only();"
    for table in APPEND_ONLY_TABLES
)
APPEND_ONLY_AWAY = (
    "\n".join(f"DROP TRIGGER {table}_append_only ON slider_{table};" for table in APPEND_ONLY_TABLES)
    + "DROP FUNCTION slider_append_only();"
)

RESULTS_STAY = """
CREATE TRIGGER publication_result_stays
    BEFORE UPDATE OF item_id, number, webhook_id, ending, answer, reason, due_at ON slider_publication
    FOR EACH ROW WHEN (
        (OLD.item_id, OLD.number, OLD.webhook_id, OLD.ending, OLD.answer, OLD.reason, OLD.due_at)
        IS DISTINCT FROM
        (NEW.item_id, NEW.number, NEW.webhook_id, NEW.ending, NEW.answer, NEW.reason, NEW.due_at)
    ) EXECUTE FUNCTION slider_append_only();
"""
RESULTS_STAY_AWAY = "DROP TRIGGER publication_result_stays ON slider_publication;"

# The queue's rows change three times each: dead rows must go soon, and updates should find room on their own page.
VACUUM = """
ALTER TABLE slider_item SET (
    fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.02
);
ALTER TABLE slider_gauge SET (fillfactor = 50, autovacuum_vacuum_threshold = 50, autovacuum_vacuum_scale_factor = 0);
"""
VACUUM_AWAY = """
ALTER TABLE slider_item RESET (
    fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_analyze_scale_factor
);
ALTER TABLE slider_gauge RESET (fillfactor, autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);
"""


class Migration(migrations.Migration):
    dependencies = (("slider", "0001_tables"),)

    operations = (
        migrations.RunSQL(ITEM_MOVES, ITEM_MOVES_AWAY),
        migrations.RunSQL(APPEND_ONLY, APPEND_ONLY_AWAY),
        migrations.RunSQL(RESULTS_STAY, RESULTS_STAY_AWAY),
        migrations.RunSQL(VACUUM, VACUUM_AWAY),
    )
