"""Practice on known answers, who may begin, and looks whose draft is hidden until the person has answered."""

from importlib import import_module

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

# As in 0014, and nobody is asked live about what they have practised on: they have been told what is right.
BEFORE = import_module("slider.migrations.0014_assignments").MAY_LOOK
MARKED = "AND NOT EXISTS (SELECT FROM slider_known k WHERE k.item_id = item AND k.by_id = person)"
PRACTISED = """
            AND NOT EXISTS (SELECT FROM slider_practice p WHERE p.item_id = item AND p.person_id = person)"""
# What somebody may practise on: known answers that they have neither had in hands in any look nor marked themselves,
# the newest 200. While known answers are mixed into live work too, half of them, by a secret coin, are left to that:
# else who practised on all of them could never be measured again.
POOL = """
CREATE FUNCTION slider_to_practise(the_task bigint, person bigint) RETURNS TABLE (item_id bigint, draft_right boolean)
LANGUAGE sql STABLE AS $$
    SELECT k.item_id, k.draft_right
    FROM (
        SELECT * FROM slider_known n WHERE n.task_id = the_task AND n.retired_at IS NULL
        ORDER BY n.item_id DESC LIMIT 200
    ) AS k JOIN slider_task t ON t.id = k.task_id
    WHERE k.by_id IS DISTINCT FROM person
      AND (t.known_rate = 0
           OR get_byte(sha256(t.coin_secret || convert_to('practice|' || k.item_id, 'UTF8')), 0) < 128)
      AND NOT EXISTS (
        SELECT FROM slider_review o WHERE o.item_id = k.item_id AND (
            o.holder_id = person OR o.last_holder_id = person
            OR EXISTS (SELECT FROM slider_decline d WHERE d.review_id = o.id AND d.user_id = person)
        )
    )
$$;
-- Whether somebody has to practise before this task's live items. Where there is too little to practise on, nobody has.
CREATE FUNCTION slider_must_practise(the_task bigint, person bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT t.practice_looks > 0
       AND NOT EXISTS (SELECT FROM slider_admission a WHERE a.task_id = the_task AND a.person_id = person)
       AND (SELECT count(*) FROM slider_to_practise(the_task, person)) >= t.practice_looks
    FROM slider_task t WHERE t.id = the_task
$$;
"""
POOL_AWAY = """
DROP FUNCTION slider_must_practise(bigint, bigint);
DROP FUNCTION slider_to_practise(bigint, bigint);
"""
# The chance is that of the moment when the look was made, whoever makes it: a later change shows nobody's draft twice.
CHANCE = """
CREATE FUNCTION slider_hidden_chance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.hidden_chance := (SELECT t.hidden_rate FROM slider_task t WHERE t.id = NEW.task_id);
    RETURN NEW;
END $$;
CREATE TRIGGER review_hidden_chance BEFORE INSERT ON slider_review
    FOR EACH ROW EXECUTE FUNCTION slider_hidden_chance();
"""
CHANCE_AWAY = """
DROP TRIGGER review_hidden_chance ON slider_review;
DROP FUNCTION slider_hidden_chance();
"""
WORDS_STAY = """
CREATE TRIGGER practice_append_only BEFORE UPDATE OR DELETE ON slider_practice
    FOR EACH ROW EXECUTE FUNCTION slider_append_only();
CREATE TRIGGER ownanswer_append_only BEFORE UPDATE OR DELETE ON slider_ownanswer
    FOR EACH ROW EXECUTE FUNCTION slider_append_only();
"""
WORDS_STAY_AWAY = """
DROP TRIGGER practice_append_only ON slider_practice;
DROP TRIGGER ownanswer_append_only ON slider_ownanswer;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0017_freed_and_overflow"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Admission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "why",
                    models.CharField(
                        choices=[
                            ("passed", "practised enough"),
                            ("before", "reviewed here before practice was asked for"),
                            ("few", "began while there were too few known answers to practise on"),
                            ("lead", "let in by a lead"),
                        ],
                        max_length=6,
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="OwnAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.BigIntegerField(help_text="The claim that it was said under.")),
                ("answer", models.JSONField(help_text="Null: that no answer can be given.", null=True)),
                ("same", models.BooleanField(help_text="Whether it is the draft, field by field.")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Practice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "turn",
                    models.PositiveIntegerField(
                        help_text="1 is the first time that this person practised on this item."
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[("accept", "accepted"), ("fix", "fixed"), ("reject", "rejected")], max_length=6
                    ),
                ),
                (
                    "answer",
                    models.JSONField(help_text="What they would have let out; null after a rejection.", null=True),
                ),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("draft_right", models.BooleanField(help_text="What was known of the draft then.")),
                (
                    "right",
                    models.BooleanField(
                        help_text="Whether they called the draft right when it was, and wrong when it was."
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddField(
            model_name="review",
            name="hidden_chance",
            field=models.FloatField(
                db_default=0.0,
                editable=False,
                help_text="Chance that its draft is hidden first, fixed when it was made.",
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="hidden_rate",
            field=models.FloatField(
                db_default=0.0,
                default=0.0,
                help_text="The share of looks at which the person answers before they see the draft. 0: none.",
                validators=[
                    django.core.validators.MinValueValidator(0.0),
                    django.core.validators.MaxValueValidator(0.5),
                ],
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="practice_looks",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="So many known answers are practised on before the first live item. 0: none.",
                validators=[django.core.validators.MaxValueValidator(100)],
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="practice_right",
            field=models.FloatField(
                db_default=0.8,
                default=0.8,
                help_text="The share of the last so many that has to be right.",
                validators=[
                    django.core.validators.MinValueValidator(0.5),
                    django.core.validators.MaxValueValidator(1.0),
                ],
            ),
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("hidden_rate__gte", 0),
                    ("hidden_rate__lte", 0.5),
                    ("practice_looks__lte", 100),
                    ("practice_right__gte", 0.5),
                    ("practice_right__lte", 1),
                ),
                name="task_practice_and_hidden",
            ),
        ),
        migrations.AddField(
            model_name="admission",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="admission",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="admission",
            name="task",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="slider.task"),
        ),
        migrations.AddField(
            model_name="ownanswer",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="ownanswer",
            name="review",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="own_answers", to="slider.review"
            ),
        ),
        migrations.AddField(
            model_name="practice",
            name="item",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="practised", to="slider.item"
            ),
        ),
        migrations.AddField(
            model_name="practice",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="practice",
            name="task",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="slider.task"),
        ),
        migrations.AddConstraint(
            model_name="admission",
            constraint=models.UniqueConstraint(fields=("person", "task"), name="one_admission_a_person"),
        ),
        migrations.AddConstraint(
            model_name="admission",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("by__isnull", False), ("why", "lead")),
                    models.Q(("by", None), ("why__in", ["passed", "before", "few"])),
                    _connector="OR",
                ),
                name="admission_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="ownanswer",
            constraint=models.UniqueConstraint(fields=("review", "by"), name="one_own_answer_a_person"),
        ),
        migrations.AddIndex(
            model_name="practice",
            index=models.Index(fields=["task", "person", "-id"], name="practice_newest"),
        ),
        migrations.AddConstraint(
            model_name="practice",
            constraint=models.UniqueConstraint(fields=("item", "person", "turn"), name="one_practice_a_turn"),
        ),
        migrations.AddConstraint(
            model_name="practice",
            constraint=models.CheckConstraint(
                condition=models.Q(("verdict__in", ["accept", "fix", "reject"])), name="practice_verdict"
            ),
        ),
        migrations.AddConstraint(
            model_name="practice",
            constraint=models.CheckConstraint(condition=models.Q(("turn__gte", 1)), name="practice_turn"),
        ),
        migrations.AddConstraint(
            model_name="practice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("draft_right", True), ("right", True), ("verdict", "accept")),
                    models.Q(("draft_right", False), ("right", False), ("verdict", "accept")),
                    models.Q(("draft_right", True), ("right", False), models.Q(("verdict", "accept"), _negated=True)),
                    models.Q(("draft_right", False), ("right", True), models.Q(("verdict", "accept"), _negated=True)),
                    _connector="OR",
                ),
                name="practice_right",
            ),
        ),
        migrations.RunSQL(BEFORE.replace(MARKED, MARKED + PRACTISED), BEFORE),
        migrations.RunSQL(POOL, POOL_AWAY),
        migrations.RunSQL(CHANCE, CHANCE_AWAY),
        migrations.RunSQL(WORDS_STAY, WORDS_STAY_AWAY),
    ]
