"""The log: entries that nobody can change, each linked to all before it at the end of its transaction; auditors."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

# `slider.by` is the id of the person that a session acts for, `slider.via` the way that they came in by. Both are of
# the session: who has neither came by hand.
WRITING = """
CREATE FUNCTION slider_log_by() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN current_setting('slider.by', true) ~ '^[0-9]{1,18}$'
           THEN current_setting('slider.by', true)::bigint END
$$;
CREATE FUNCTION slider_log_via() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT left(regexp_replace(coalesce(current_setting('slider.via', true), ''), '[^ -~]', '?', 'g'), 40)
$$;
CREATE FUNCTION slider_log_write(kind text, project bigint, task bigint, by_id bigint, facts jsonb, digests bytea)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO slider_entry (at, kind, chain, project_id, task_id, by_id, via, facts, digests)
    VALUES (clock_timestamp(), kind,
            CASE WHEN task IS NOT NULL THEN 'task ' || task WHEN project IS NOT NULL THEN 'project ' || project
                 ELSE 'site' END,
            project, task, by_id, slider_log_via(), facts, digests)
$$;
"""
WRITING_AWAY = """
DROP FUNCTION slider_log_write(text, bigint, bigint, bigint, jsonb, bytea);
DROP FUNCTION slider_log_via();
DROP FUNCTION slider_log_by();
"""

# The link is made when the transaction is committed, under a lock of that chain alone: the last lock that it takes,
# held for as long as a commit lasts. `slider/queries/chain.py` says the same hash in Python and trusts none of this.
LINKING = """
CREATE FUNCTION slider_log_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    nth bigint;
    before bytea;
BEGIN
    PERFORM pg_advisory_xact_lock(7330, hashtext(NEW.chain));
    SELECT l.number, l.hash INTO nth, before FROM slider_link l WHERE l.chain = NEW.chain
        ORDER BY l.number DESC LIMIT 1;
    nth := coalesce(nth, 0) + 1;
    INSERT INTO slider_link (entry_id, chain, number, hash) VALUES (NEW.id, NEW.chain, nth, sha256(convert_to(concat_ws(
        E'\\n', 'slider log 1', NEW.chain, nth, NEW.id, (extract(epoch FROM NEW.at) * 1000000)::bigint, NEW.kind,
        coalesce(NEW.project_id::text, ''), coalesce(NEW.task_id::text, ''), coalesce(NEW.by_id::text, ''), NEW.via,
        encode(sha256(convert_to(NEW.facts::text, 'UTF8')), 'hex'), encode(sha256(coalesce(NEW.digests, '')), 'hex'),
        encode(coalesce(before, ''), 'hex')
    ), 'UTF8')));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER entry_linked AFTER INSERT ON slider_entry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION slider_log_link();
"""
LINKING_AWAY = "DROP TRIGGER entry_linked ON slider_entry; DROP FUNCTION slider_log_link();"

# In blocks: what a rule of the house reads as a statement is only what triggers refuse.
STAYS = """
DO $$ BEGIN
    CREATE TRIGGER entry_append_only BEFORE UPDATE OR DELETE ON slider_entry
        FOR EACH ROW EXECUTE FUNCTION slider_append_only();
    CREATE TRIGGER link_append_only BEFORE UPDATE OR DELETE ON slider_link
        FOR EACH ROW EXECUTE FUNCTION slider_append_only();
    CREATE TRIGGER entry_stays_whole BEFORE TRUNCATE ON slider_entry
        FOR EACH STATEMENT EXECUTE FUNCTION slider_append_only();
    CREATE TRIGGER link_stays_whole BEFORE TRUNCATE ON slider_link
        FOR EACH STATEMENT EXECUTE FUNCTION slider_append_only();
END $$;
ALTER TABLE slider_entry ALTER COLUMN digests SET STORAGE EXTERNAL;
"""
STAYS_AWAY = """
DROP TRIGGER entry_append_only ON slider_entry;
DROP TRIGGER link_append_only ON slider_link;
DROP TRIGGER entry_stays_whole ON slider_entry;
DROP TRIGGER link_stays_whole ON slider_link;
"""

KINDS = [
    ("decision", "items routed"),
    ("result", "results"),
    ("verdict", "verdicts and corrections"),
    ("item", "items withdrawn"),
    ("slider", "slider moved"),
    ("policy", "policies of the guard"),
    ("guard", "acts of the guard"),
    ("operation", "acts of operators"),
    ("setting", "settings"),
    ("role", "roles and rights"),
    ("key", "API keys"),
    ("person", "people's accounts"),
    ("sign_in", "signed in"),
    ("sign_out", "signed out"),
    ("refused", "sign-in refused"),
    ("export", "exports"),
    ("log", "the log itself"),
]
ROLES = [
    ("viewer", "Viewer"),
    ("reviewer", "Reviewer"),
    ("lead", "Lead"),
    ("tuner", "Tuner"),
    ("operator", "Operator"),
    ("admin", "Admin"),
    ("auditor", "Auditor"),
]


def unchecked(to: str, *, on: str = "slider") -> models.ForeignKey:
    """A key that names a row and locks none."""
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to=f"{on}.{to}" if on else to,
    )


class Migration(migrations.Migration):
    dependencies = (
        ("slider", "0033_invitations_and_account_letters"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )
    widens = ("membership_role", "invitation_role")

    operations = (
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("kind", models.CharField(choices=KINDS, max_length=12)),
                (
                    "chain",
                    models.CharField(
                        help_text="The chain it stands in: «task 7», «project 3» or «site».", max_length=30
                    ),
                ),
                (
                    "via",
                    models.CharField(
                        blank=True, help_text="The way in. Empty: by hand, in the database.", max_length=40
                    ),
                ),
                (
                    "facts",
                    models.JSONField(
                        default=dict, help_text="What was done, in small words and numbers; contents as digests."
                    ),
                ),
                (
                    "digests",
                    models.BinaryField(
                        help_text="Of many rows: each one's id (8 bytes) and SHA-256 (32 bytes).", null=True
                    ),
                ),
                ("by", unchecked(settings.AUTH_USER_MODEL, on="")),
                ("project", unchecked("project")),
                ("task", unchecked("task")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(kind__in=[value for value, _ in KINDS]), name="entry_kind"
                    )
                ],
                "indexes": [
                    models.Index(fields=["project", "-at", "-id"], name="entry_of_project"),
                    models.Index(fields=["project", "kind", "-at", "-id"], name="entry_by_kind"),
                    models.Index(fields=["task", "-at", "-id"], name="entry_of_task"),
                    models.Index(
                        condition=models.Q(("by__isnull", False)),
                        fields=["project", "by", "-at", "-id"],
                        name="entry_by_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Link",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="link",
                        serialize=False,
                        to="slider.entry",
                    ),
                ),
                ("chain", models.CharField(max_length=30)),
                ("number", models.BigIntegerField(help_text="1 for the first of its chain.")),
                ("hash", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("chain", "number"), name="one_link_a_number")],
            },
        ),
        migrations.RemoveConstraint(model_name="membership", name="membership_role"),
        migrations.AlterField(
            model_name="membership", name="role", field=models.CharField(choices=ROLES, max_length=10)
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(role__in=[value for value, _ in ROLES]), name="membership_role"
            ),
        ),
        migrations.RemoveConstraint(model_name="invitation", name="invitation_role"),
        migrations.AlterField(
            model_name="invitation", name="role", field=models.CharField(choices=ROLES, max_length=10)
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(role__in=[value for value, _ in ROLES]), name="invitation_role"
            ),
        ),
        migrations.RunSQL(WRITING, WRITING_AWAY),
        migrations.RunSQL(LINKING, LINKING_AWAY),
        migrations.RunSQL(STAYS, STAYS_AWAY),
    )
