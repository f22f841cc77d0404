"""Triggers that write the log: whoever changes a row that counts, by whatever code or by hand, is told of."""

from django.conf import settings
from django.db import migrations

# Tables whose rows are told one by one, with what they held: (table, kind, whose it is, by which column, key, column
# that names the person, columns of which only a digest is told, columns that are left out).
TOLD = (
    ("slider_project", "setting", "project", "id", "id", "", "", ""),
    ("slider_membership", "role", "project", "project_id", "id", "", "", ""),
    ("slider_invitation", "role", "project", "project_id", "id", "made_by_id", "email,nonce", ""),
    ("slider_apikey", "key", "project", "project_id", "id", "created_by_id", "digest", "last_used_at"),
    ("slider_task", "setting", "task", "id", "id", "", "input_schema,output_schema,coin_secret", ""),
    ("slider_worker", "setting", "task", "task_id", "id", "", "instructions,examples", "trouble"),
    ("slider_endpoint", "setting", "task", "task_id", "id", "", "secret", ""),
    ("slider_policy", "policy", "task", "task_id", "id", "made_by_id", "calibration,certificate", ""),
    ("slider_act", "guard", "task", "task_id", "id", "", "facts", ""),
    ("slider_operation", "operation", "task", "task_id", "id", "by_id", "", ""),
    ("slider_halt", "operation", "task", "task_id", "id", "by_id", "", ""),
    ("slider_correction", "verdict", "item", "item_id", "id", "by_id", "answer,note", ""),
    ("slider_adjudication", "verdict", "review", "look_id", "look_id", "by_id", "words", ""),
    ("slider_admission", "role", "task", "task_id", "id", "by_id", "", ""),
    ("slider_known", "verdict", "task", "task_id", "item_id", "by_id", "answer,explanation", ""),
    ("auth_user", "person", "site", "id", "id", "", "password,username,first_name,last_name,email", "last_login"),
    ("auth_user_user_permissions", "role", "site", "id", "id", "", "", ""),
    ("auth_user_groups", "role", "site", "id", "id", "", "", ""),
    ("auth_group_permissions", "role", "site", "id", "id", "", "", ""),
    ("mfa_authenticator", "person", "site", "id", "id", "", "", "data,last_used_at"),
    ("socialaccount_socialaccount", "person", "site", "id", "id", "", "uid", "extra_data,last_login"),
)
# Tables of which there are many rows: a digest of each, packed into one entry for all that a statement wrote.
COUNTED = {"slider_decision": "item_id", "slider_publication": "id", "slider_review": "id"}

TELLING = """
CREATE FUNCTION slider_log_told(told jsonb, digested text[], left_out text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, CASE WHEN key = ANY(digested) AND jsonb_typeof(value) <> 'null'
        THEN to_jsonb('sha256:' || encode(sha256(convert_to(value::text, 'UTF8')), 'hex')) ELSE value END), '{}')
    FROM jsonb_each(told) WHERE key <> ALL(left_out)
$$;
CREATE FUNCTION slider_log_row() RETURNS trigger LANGUAGE plpgsql
SET timezone = 'UTC' SET extra_float_digits = 1 SET bytea_output = 'hex' AS $$
DECLARE
    digested text[] := string_to_array(TG_ARGV[5], ',');
    left_out text[] := string_to_array(TG_ARGV[6], ',');
    whole jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
    facts jsonb := jsonb_build_object(
        'table', regexp_replace(TG_TABLE_NAME, '^slider_', ''), 'row', whole -> TG_ARGV[3],
        'op', CASE TG_OP WHEN 'INSERT' THEN 'came' WHEN 'DELETE' THEN 'gone' ELSE 'changed' END
    ) || jsonb_strip_nulls(jsonb_build_object(
        'of', coalesce(whole -> 'user_id', whole -> 'person_id'), 'name', whole -> 'name'
    ));
    is_now jsonb;
    was jsonb;
    kind text := TG_ARGV[0];
    whose bigint := whole ->> TG_ARGV[2];
    the_task bigint;
    the_project bigint;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        was := slider_log_told(to_jsonb(OLD), digested, left_out);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        is_now := slider_log_told(whole, digested, left_out);
    END IF;
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(n.key, n.value), jsonb_object_agg(n.key, was -> n.key) INTO is_now, was
        FROM jsonb_each(is_now) AS n WHERE was -> n.key IS DISTINCT FROM n.value;
        IF is_now IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    IF is_now IS NOT NULL THEN
        facts := facts || jsonb_build_object('set', is_now);
    END IF;
    IF was IS NOT NULL THEN
        facts := facts || jsonb_build_object('was', was);
    END IF;
    IF TG_ARGV[1] = 'task' THEN
        the_task := whose;
    ELSIF TG_ARGV[1] = 'item' THEN
        SELECT i.task_id INTO the_task FROM slider_item i WHERE i.id = whose;
    ELSIF TG_ARGV[1] = 'review' THEN
        SELECT r.task_id INTO the_task FROM slider_review r WHERE r.id = whose;
    ELSIF TG_ARGV[1] = 'project' THEN
        the_project := whose;
    END IF;
    IF TG_TABLE_NAME = 'slider_task' THEN
        the_project := whole ->> 'project_id';
    ELSIF the_task IS NOT NULL THEN
        SELECT t.project_id INTO the_project FROM slider_task t WHERE t.id = the_task;
    END IF;
    IF TG_TABLE_NAME = 'slider_policy' AND whole ->> 'maker' = 'person' THEN
        kind := 'slider';
    END IF;
    PERFORM slider_log_write(kind, the_project, the_task, coalesce(
        CASE WHEN TG_OP = 'INSERT' THEN (whole ->> TG_ARGV[4])::bigint END, slider_log_by()), facts, NULL);
    RETURN NULL;
END $$;
"""
TELLING_AWAY = "DROP FUNCTION slider_log_row(); DROP FUNCTION slider_log_told(jsonb, text[], text[]);"

_TELL = """
CREATE TRIGGER {name}_told AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW
    EXECUTE FUNCTION slider_log_row('{kind}', '{whose}', '{by}', '{key}', '{person}', '{digested}', '{left_out}');
"""
_FIELDS = ("table", "kind", "whose", "by", "key", "person", "digested", "left_out")
TRIGGERS = "DO $$ BEGIN" + "".join(
    _TELL.format(name=row[0].removeprefix("slider_"), **dict(zip(_FIELDS, row, strict=True))) for row in TOLD
)
TRIGGERS += """
CREATE TRIGGER item_withdrawn_told AFTER UPDATE OF state ON slider_item FOR EACH ROW
    WHEN (NEW.state = 'withdrawn' AND OLD.state <> 'withdrawn') EXECUTE FUNCTION slider_log_withdrawn();
END $$;
"""
TRIGGERS_AWAY = "DROP TRIGGER item_withdrawn_told ON slider_item;" + "".join(
    f"DROP TRIGGER {row[0].removeprefix('slider_')}_told ON {row[0]};" for row in TOLD
)

# What each digest is of stands in `slider/models/logged.py` too, from where it is checked.
DECISION = """ROW(r.item_id, r.task_id, r.attempt_id, r.policy_id, r.seq, r.epoch, r.lane, r.why, r.detail, r.p_correct,
    r.rank, r.bin, r.share, r.audit, r.audit_chance, extract(epoch FROM r.created_at))"""
RESULT = """ROW(r.id, r.item_id, r.task_id, r.number, r.review_id, r.webhook_id, r.ending, r.answer, r.reason,
    extract(epoch FROM r.created_at), extract(epoch FROM r.due_at))"""
VERDICT = """ROW(r.id, r.item_id, r.task_id, r.kind, r.slot, r.holder_id, r.verdict, r.answer, r.reason, r.lucky, r.note,
    extract(epoch FROM r.decided_at))"""
_SAME = "LANGUAGE plpgsql SET extra_float_digits = 1"
_PACKED = "int8send({key}::bigint) || sha256(convert_to(({row})::text, 'UTF8'))"
_GONE = "int8send({key}::bigint) || decode(repeat('00', 32), 'hex')"

COUNTING = f"""
CREATE FUNCTION slider_log_withdrawn() RETURNS trigger {_SAME} AS $$
BEGIN
    PERFORM slider_log_write('item', (SELECT t.project_id FROM slider_task t WHERE t.id = NEW.task_id), NEW.task_id,
        slider_log_by(), jsonb_build_object('table', 'item', 'row', NEW.id, 'op', 'changed',
        'set', jsonb_build_object('state', NEW.state), 'was', jsonb_build_object('state', OLD.state)), NULL);
    RETURN NULL;
END $$;
CREATE FUNCTION slider_log_decisions() RETURNS trigger {_SAME} AS $$
BEGIN
    PERFORM slider_log_write('decision', t.project_id, t.id, slider_log_by(), c.facts, c.digests)
    FROM (
        SELECT r.task_id, jsonb_build_object('table', 'decision', 'op', 'came', 'rows', count(*),
                   'first', min(r.seq), 'last', max(r.seq), 'unattended', count(*) FILTER (WHERE r.lane = 'unattended'),
                   'policy', (SELECT p.number FROM slider_policy p WHERE p.id = max(r.policy_id))) AS facts,
               string_agg({_PACKED.format(key="r.item_id", row=DECISION)}, '' ORDER BY r.seq) AS digests
        FROM came AS r GROUP BY r.task_id
    ) AS c JOIN slider_task t ON t.id = c.task_id;
    RETURN NULL;
END $$;
CREATE FUNCTION slider_log_decisions_gone() RETURNS trigger {_SAME} AS $$
BEGIN
    PERFORM slider_log_write('decision', t.project_id, t.id, slider_log_by(), c.facts, c.digests)
    FROM (
        SELECT r.task_id, jsonb_build_object('table', 'decision', 'op', 'gone', 'rows', count(*)) AS facts,
               string_agg({_GONE.format(key="r.item_id")}, '' ORDER BY r.seq) AS digests
        FROM gone AS r GROUP BY r.task_id
    ) AS c JOIN slider_task t ON t.id = c.task_id;
    RETURN NULL;
END $$;
CREATE FUNCTION slider_log_results() RETURNS trigger {_SAME} AS $$
BEGIN
    PERFORM slider_log_write('result', t.project_id, t.id, slider_log_by(), c.facts, c.digests)
    FROM (
        SELECT r.task_id, jsonb_build_object('table', 'publication', 'op', 'came', 'rows', count(*))
                   || CASE WHEN count(*) = 1 THEN jsonb_build_object(
                      'item', max(r.item_id), 'number', max(r.number), 'ending', max(r.ending)) ELSE '{{}}' END AS facts,
               string_agg({_PACKED.format(key="r.id", row=RESULT)}, '' ORDER BY r.id) AS digests
        FROM came AS r GROUP BY r.task_id
    ) AS c JOIN slider_task t ON t.id = c.task_id;
    RETURN NULL;
END $$;
CREATE FUNCTION slider_log_result() RETURNS trigger {_SAME} AS $$
DECLARE
    r slider_publication;
BEGIN
    IF TG_OP = 'DELETE' THEN r := OLD; ELSE r := NEW; END IF;
    PERFORM slider_log_write('result', t.project_id, t.id, slider_log_by(),
        jsonb_build_object('table', 'publication', 'op', CASE WHEN TG_OP = 'DELETE' THEN 'gone' ELSE 'changed' END,
                           'rows', 1, 'item', r.item_id, 'number', r.number),
        CASE WHEN TG_OP = 'DELETE' THEN {_GONE.format(key="r.id")} ELSE {_PACKED.format(key="r.id", row=RESULT)} END)
    FROM slider_task t WHERE t.id = r.task_id;
    RETURN NULL;
END $$;
CREATE FUNCTION slider_log_verdict() RETURNS trigger {_SAME} AS $$
DECLARE
    r slider_review;
    op text := 'changed';
BEGIN
    IF TG_OP = 'DELETE' THEN r := OLD; ELSE r := NEW; END IF;
    IF TG_OP = 'DELETE' OR r.verdict = '' THEN
        op := 'gone';
    ELSIF TG_OP = 'INSERT' THEN
        op := 'came';
    ELSIF OLD.verdict = '' THEN
        op := 'came';
    END IF;
    PERFORM slider_log_write('verdict', t.project_id, t.id, coalesce(r.holder_id, slider_log_by()),
        jsonb_build_object('table', 'review', 'op', op, 'rows', 1, 'item', r.item_id, 'look', r.id, 'kind', r.kind)
        || CASE WHEN op = 'gone' THEN '{{}}' ELSE jsonb_build_object('verdict', r.verdict, 'reason', r.reason) END,
        CASE WHEN op = 'gone' THEN {_GONE.format(key="r.id")} ELSE {_PACKED.format(key="r.id", row=VERDICT)} END)
    FROM slider_task t WHERE t.id = r.task_id;
    RETURN NULL;
END $$;
DO $$ BEGIN
    CREATE TRIGGER decision_told AFTER INSERT ON slider_decision REFERENCING NEW TABLE AS came
        FOR EACH STATEMENT EXECUTE FUNCTION slider_log_decisions();
    CREATE TRIGGER decision_gone_told AFTER DELETE ON slider_decision REFERENCING OLD TABLE AS gone
        FOR EACH STATEMENT EXECUTE FUNCTION slider_log_decisions_gone();
    CREATE TRIGGER publication_told AFTER INSERT ON slider_publication REFERENCING NEW TABLE AS came
        FOR EACH STATEMENT EXECUTE FUNCTION slider_log_results();
    CREATE TRIGGER publication_changed_told AFTER UPDATE ON slider_publication FOR EACH ROW
        WHEN ({RESULT.replace("r.", "OLD.")} IS DISTINCT FROM {RESULT.replace("r.", "NEW.")})
        EXECUTE FUNCTION slider_log_result();
    CREATE TRIGGER publication_gone_told AFTER DELETE ON slider_publication
        FOR EACH ROW EXECUTE FUNCTION slider_log_result();
    CREATE TRIGGER review_told AFTER UPDATE ON slider_review FOR EACH ROW
        WHEN ((OLD.verdict <> '' OR NEW.verdict <> '')
              AND {VERDICT.replace("r.", "OLD.")} IS DISTINCT FROM {VERDICT.replace("r.", "NEW.")})
        EXECUTE FUNCTION slider_log_verdict();
    CREATE TRIGGER review_came_told AFTER INSERT ON slider_review
        FOR EACH ROW WHEN (NEW.verdict <> '') EXECUTE FUNCTION slider_log_verdict();
    CREATE TRIGGER review_gone_told AFTER DELETE ON slider_review
        FOR EACH ROW WHEN (OLD.verdict <> '') EXECUTE FUNCTION slider_log_verdict();
END $$;
"""  # noqa: S608  # nothing but names of ours goes into this text
COUNTING_AWAY = """
DROP TRIGGER decision_told ON slider_decision;
DROP TRIGGER decision_gone_told ON slider_decision;
DROP TRIGGER publication_told ON slider_publication;
DROP TRIGGER publication_changed_told ON slider_publication;
DROP TRIGGER publication_gone_told ON slider_publication;
DROP TRIGGER review_told ON slider_review;
DROP TRIGGER review_came_told ON slider_review;
DROP TRIGGER review_gone_told ON slider_review;
DROP FUNCTION slider_log_verdict();
DROP FUNCTION slider_log_result();
DROP FUNCTION slider_log_results();
DROP FUNCTION slider_log_decisions_gone();
DROP FUNCTION slider_log_decisions();
DROP FUNCTION slider_log_withdrawn();
"""

# The first entry says from where on each table is told of: what lies before it was not. Linked at once, as a table
# with an entry that waits for its link can't be altered.
_KEYS = {row[0]: row[4] for row in TOLD} | COUNTED
_SINCE = ", ".join(
    f"'{table.removeprefix('slider_')}', (SELECT coalesce(max({key}), 0) FROM {table})"  # noqa: S608  # our own names
    for table, key in _KEYS.items()
)
BEGINS = f"""
SELECT slider_log_write('log', NULL, NULL, NULL,
    jsonb_build_object('begins', true, 'since', jsonb_build_object({_SINCE})), NULL);
SET CONSTRAINTS entry_linked IMMEDIATE;
SET CONSTRAINTS entry_linked DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = (
        ("slider", "0034_a_log_in_chains"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )

    operations = (
        migrations.RunSQL(TELLING, TELLING_AWAY),
        migrations.RunSQL(COUNTING, COUNTING_AWAY),
        migrations.RunSQL(TRIGGERS, TRIGGERS_AWAY),
        migrations.RunSQL(BEGINS, migrations.RunSQL.noop),
    )
