"""Several looks an item, skills, looks that are given to somebody; one rule of who may take what."""

from importlib import import_module

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.lookups
from django.conf import settings
from django.db import migrations, models

import slider.models.skills

# The one rule of who may take a look. Whoever it was given to, who knows what it takes, who leads where it is for a lead;
# never somebody who has passed the item on. Of several looks at one item a person gets one, and of those that are free
# the first one only, so that nobody can take two in one statement. Where they disagree, somebody who leads decides once
# no look can be undone any more; one who was among those that looked only if nobody else leads.
# A plan of its own for each call would take twenty times as long as the call.
MAY_LOOK = """
CREATE OR REPLACE FUNCTION slider_may_look(look bigint, item bigint, look_kind text, person bigint) RETURNS boolean
LANGUAGE sql STABLE SET plan_cache_mode = force_generic_plan AS $$
    SELECT EXISTS (
        SELECT FROM slider_review r JOIN slider_task t ON t.id = r.task_id
        LEFT JOIN slider_membership m ON m.project_id = t.project_id AND m.user_id = person
        CROSS JOIN LATERAL (SELECT coalesce(m.role IN ('lead', 'admin'), false) AS leads) AS who
        WHERE r.id = look
          AND (r.assignee_id IS NULL OR r.assignee_id = person)
          AND (r.skills IS NULL OR r.skills <@ coalesce(m.skills, '[]'))
          AND (NOT r.for_lead OR who.leads)
          AND NOT EXISTS (
            SELECT FROM slider_review o JOIN slider_decline d ON d.review_id = o.id
            WHERE o.item_id = item AND d.user_id = person
          )
          AND (look_kind <> 'peer' OR NOT EXISTS (
            SELECT FROM slider_review o
            WHERE o.item_id = item AND o.kind = 'peer' AND o.id <> look AND (
                o.holder_id = person
                OR (o.state = 'open' AND r.assignee_id IS NULL AND (
                    o.assignee_id = person
                    OR (o.assignee_id IS NULL AND o.id < look AND (NOT o.for_lead OR who.leads))
                ))
            )
          ))
          AND (look_kind <> 'gate' OR r.looks IS NULL OR (
            NOT EXISTS (
                SELECT FROM slider_review o
                WHERE o.item_id = item AND o.kind = 'peer' AND o.undo_until > clock_timestamp()
            ) AND (
                NOT EXISTS (
                    SELECT FROM slider_review o WHERE o.item_id = item AND o.kind = 'peer' AND o.holder_id = person
                ) OR NOT EXISTS (
                    SELECT FROM slider_membership x JOIN auth_user u ON u.id = x.user_id
                    WHERE x.project_id = t.project_id AND x.role IN ('lead', 'admin') AND u.is_active
                      AND NOT EXISTS (
                        SELECT FROM slider_review o
                        WHERE o.item_id = item AND o.kind = 'peer' AND o.holder_id = x.user_id
                      )
                )
            )
          ))
          AND (look_kind NOT IN ('known', 'second') OR (
            NOT EXISTS (
                SELECT FROM slider_review o
                WHERE o.item_id = item AND o.id <> look AND (
                    o.holder_id = person OR o.last_holder_id = person
                    OR EXISTS (SELECT FROM slider_handing h WHERE h.review_id = o.id AND h.by_id = person)
                )
            ) AND NOT EXISTS (SELECT FROM slider_known k WHERE k.item_id = item AND k.by_id = person)
          ))
          AND (look_kind <> 'second' OR EXISTS (
            SELECT FROM slider_review f
            WHERE f.item_id = item AND f.kind NOT IN ('known', 'second', 'peer') AND f.state = 'decided'
              AND f.decided_at <= statement_timestamp() - t.undo_s * interval '1 second'
          ))
    )
$$;
"""

# The same rule for a row in hand. PostgreSQL writes it into the statement that asks, so that a look that asks for
# nothing, which is nearly every one, costs no call.
MAY_LOOK_AT_ROW = """
CREATE FUNCTION slider_may_look(r slider_review, person bigint) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN r.assignee_id <> person THEN false
        WHEN r.kind IN ('gate', 'audit', 'lookback') AND r.looks IS NULL AND r.skills IS NULL AND NOT r.for_lead
            AND NOT r.declined THEN true
        ELSE slider_may_look(r.id, r.item_id, r.kind, person)
    END
$$;
"""
MAY_LOOK_AT_ROW_AWAY = "DROP FUNCTION slider_may_look(slider_review, bigint);"

# An item has as many looks as it was asked for, and comes to a verdict when all of them are in, never before.
LOOKS = """
CREATE FUNCTION slider_looks_as_asked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.looks IS DISTINCT FROM OLD.looks THEN
        RAISE EXCEPTION 'item % was asked for % looks: that stays', NEW.item_id, OLD.looks
            USING ERRCODE = 'check_violation';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.kind = 'peer' AND NOT EXISTS (
        SELECT FROM slider_review g WHERE g.item_id = NEW.item_id AND g.kind = 'gate' AND g.looks = NEW.looks
    ) THEN
        RAISE EXCEPTION 'item % has no gate that asks for % looks', NEW.item_id, NEW.looks
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.kind = 'gate' AND NEW.state = 'decided' AND NEW.looks <> (
        SELECT count(*) FROM slider_review p
        WHERE p.item_id = NEW.item_id AND p.kind = 'peer' AND p.state = 'decided'
    ) THEN
        RAISE EXCEPTION 'item % can have no verdict: not all of its % looks are in', NEW.item_id, NEW.looks
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER review_looks_asked AFTER INSERT ON slider_review
    FOR EACH ROW WHEN (NEW.looks IS NOT NULL) EXECUTE FUNCTION slider_looks_as_asked();
CREATE TRIGGER review_looks_stay AFTER UPDATE OF looks, state ON slider_review
    FOR EACH ROW WHEN (NEW.looks IS NOT NULL OR OLD.looks IS NOT NULL) EXECUTE FUNCTION slider_looks_as_asked();
CREATE TRIGGER handing_append_only BEFORE UPDATE OR DELETE ON slider_handing
    FOR EACH ROW EXECUTE FUNCTION slider_append_only();
"""
LOOKS_AWAY = """
DROP TRIGGER handing_append_only ON slider_handing;
DROP TRIGGER review_looks_asked ON slider_review;
DROP TRIGGER review_looks_stay ON slider_review;
DROP FUNCTION slider_looks_as_asked();
"""
BEFORE = import_module("slider.migrations.0011_known_answers").MAY_LOOK.replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0013_marks"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Handing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("assigned", "assigned"),
                            ("freed", "given back to everybody"),
                            ("handed", "handed on"),
                            ("flagged", "flagged to a lead"),
                        ],
                        max_length=8,
                    ),
                ),
                ("note", models.TextField(blank=True, max_length=2000)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="membership",
            name="membership_role",
        ),
        migrations.RemoveConstraint(
            model_name="review",
            name="review_state",
        ),
        migrations.RemoveConstraint(
            model_name="review",
            name="review_lease_only_while_held",
        ),
        migrations.RemoveConstraint(
            model_name="review",
            name="review_decided_has_a_verdict",
        ),
        migrations.RemoveConstraint(
            model_name="review",
            name="review_kind",
        ),
        migrations.RemoveIndex(
            model_name="review",
            name="review_owed_by_bin",
        ),
        migrations.AddField(
            model_name="membership",
            name="skills",
            field=models.JSONField(
                blank=True, default=list, help_text="What the person knows.", validators=[slider.models.skills.check]
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="assignee",
            field=models.ForeignKey(
                db_index=False,
                help_text="Whose alone it is to take.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="declined",
            field=models.BooleanField(db_default=False, help_text="Somebody has passed it on, and is not asked again."),
        ),
        migrations.AddField(
            model_name="review",
            name="for_lead",
            field=models.BooleanField(db_default=False, help_text="Only somebody who leads may take it."),
        ),
        migrations.AddField(
            model_name="review",
            name="looks",
            field=models.PositiveSmallIntegerField(
                help_text="So many people were to look at the item, each without the others. Empty: one.", null=True
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="skills",
            field=models.JSONField(help_text="What a person must know to take it. Empty: nothing.", null=True),
        ),
        migrations.AddField(
            model_name="task",
            name="looks",
            field=models.PositiveSmallIntegerField(
                default=1,
                help_text="So many people look at an item that waits for people, each without the others.",
                validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(5)],
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="skill_field",
            field=models.CharField(
                blank=True,
                help_text="A field of an item whose value names one more skill that it takes.",
                max_length=80,
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="skills",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="What a person must know to look at its items.",
                validators=[slider.models.skills.check],
            ),
        ),
        migrations.AlterField(
            model_name="membership",
            name="role",
            field=models.CharField(
                choices=[
                    ("viewer", "Viewer"),
                    ("reviewer", "Reviewer"),
                    ("lead", "Lead"),
                    ("tuner", "Tuner"),
                    ("admin", "Admin"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="review",
            name="kind",
            field=models.CharField(
                choices=[
                    ("gate", "gate"),
                    ("audit", "audit"),
                    ("lookback", "look back"),
                    ("known", "known answer"),
                    ("second", "second look"),
                    ("peer", "one of several looks"),
                ],
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="review",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "waits for its looks"),
                    ("open", "open"),
                    ("held", "held"),
                    ("decided", "decided"),
                    ("void", "void"),
                ],
                default="open",
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                condition=models.Q(("state__in", ("waiting", "open", "held"))),
                fields=["task", "bin", "place"],
                name="review_owed_by_bin",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["viewer", "reviewer", "lead", "tuner", "admin"])),
                name="membership_role",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.Exact(
                    models.Func(models.F("skills"), function="jsonb_typeof", output_field=models.CharField()), "array"
                ),
                name="membership_skills",
                violation_error_message="Skills are a list of at most 20 names of 1 to 40 characters.",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["gate", "audit", "lookback", "known", "second", "peer"])),
                name="review_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "open", "held", "decided", "void"])), name="review_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("holder__isnull", False), ("lease_until__isnull", False), ("state", "held")),
                    models.Q(("holder", None), ("lease_until", None), ("state__in", ["open", "waiting"])),
                    models.Q(("lease_until", None), ("state__in", ["decided", "void"])),
                    _connector="OR",
                ),
                name="review_lease_only_while_held",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at__isnull", False),
                        ("state", "decided"),
                        models.Q(
                            ("holder__isnull", False),
                            models.Q(("kind", "gate"), ("looks__isnull", False)),
                            _connector="OR",
                        ),
                        models.Q(("verdict", ""), _negated=True),
                    ),
                    models.Q(models.Q(("state", "decided"), _negated=True), ("decided_at", None), ("verdict", "")),
                    _connector="OR",
                ),
                name="review_decided_has_a_verdict",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind", "peer"),
                        ("looks__gte", 2),
                        ("looks__lte", 5),
                        ("slot__gte", 1),
                        ("slot__lte", models.F("looks")),
                    ),
                    models.Q(("kind", "gate"), ("looks", None), ("slot", 1)),
                    models.Q(("kind", "gate"), ("looks__gte", 2), ("looks__lte", 5), ("slot", 1)),
                    models.Q(models.Q(("kind__in", ["peer", "gate"]), _negated=True), ("looks", None)),
                    _connector="OR",
                ),
                name="review_never_more_than_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "waiting"), _negated=True),
                    models.Q(("kind", "gate"), ("looks__isnull", False)),
                    _connector="OR",
                ),
                name="review_waits_for_its_looks",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "peer"), _negated=True),
                    models.Q(("aimed", False), ("bin", None), ("place", None)),
                    _connector="OR",
                ),
                name="review_peer_is_no_evidence",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "peer"), ("state__in", ["held", "decided"])),
                fields=("item", "holder"),
                name="one_look_a_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(("looks__gte", 1), ("looks__lte", 5)), name="task_looks"
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.Exact(
                    models.Func(models.F("skills"), function="jsonb_typeof", output_field=models.CharField()), "array"
                ),
                name="task_skills",
                violation_error_message="Skills are a list of at most 20 names of 1 to 40 characters.",
            ),
        ),
        migrations.AddField(
            model_name="handing",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="handing",
            name="review",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="handings", to="slider.review"
            ),
        ),
        migrations.AddField(
            model_name="handing",
            name="to",
            field=models.ForeignKey(
                help_text="Empty: nobody by name.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="handing",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["assigned", "freed", "handed", "flagged"])), name="handing_kind"
            ),
        ),
        migrations.AddConstraint(
            model_name="handing",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ["handed", "flagged"]), _negated=True),
                    models.Q(("note", ""), _negated=True),
                    _connector="OR",
                ),
                name="handing_says_why",
            ),
        ),
        migrations.AddIndex(
            model_name="review",
            index=models.Index(
                condition=models.Q(("assignee__isnull", False), ("state", "open")),
                fields=["assignee"],
                name="review_assigned",
            ),
        ),
        migrations.RunSQL(MAY_LOOK, BEFORE),
        migrations.RunSQL(MAY_LOOK_AT_ROW, MAY_LOOK_AT_ROW_AWAY),
        migrations.RunSQL(LOOKS, LOOKS_AWAY),
    ]
