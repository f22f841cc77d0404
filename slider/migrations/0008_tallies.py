"""Items by hour, why and rank, counted by the database as decisions are added."""

import django.db.models.deletion
from django.db import migrations, models

# A statement counts what it added in one go: a batch of 500 items touches some 30 rows.
COUNTED = """
CREATE FUNCTION slider_tally_decisions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO slider_tally AS counted (task_id, hour, why, bin, items)
    SELECT task_id, date_trunc('hour', created_at, 'UTC'), why, coalesce(bin, -1), count(*) FROM added
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (task_id, hour, why, bin) DO UPDATE SET items = counted.items + excluded.items;
    RETURN NULL;
END $$;
CREATE TRIGGER decision_tally AFTER INSERT ON slider_decision
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION slider_tally_decisions();
"""
COUNTED_AWAY = "DROP TRIGGER decision_tally ON slider_decision; DROP FUNCTION slider_tally_decisions();"

# The trigger's lock keeps new decisions out until this is committed. A day is all that the pages look back.
SO_FAR = """
INSERT INTO slider_tally (task_id, hour, why, bin, items)
SELECT task_id, date_trunc('hour', created_at, 'UTC'), why, coalesce(bin, -1), count(*) FROM slider_decision
WHERE created_at > date_trunc('hour', now(), 'UTC') - interval '2 days'
GROUP BY 1, 2, 3, 4;
"""

# The rows of the hour change with every batch: updates should find room on their own page.
ROOM = "ALTER TABLE slider_tally SET (fillfactor = 50, autovacuum_vacuum_threshold = 500);"
ROOM_AWAY = "ALTER TABLE slider_tally RESET (fillfactor, autovacuum_vacuum_threshold);"


class Migration(migrations.Migration):
    dependencies = (("slider", "0007_staffed_hours"),)

    operations = (
        migrations.CreateModel(
            name="Tally",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField(help_text="When the hour began.")),
                ("why", models.CharField(help_text="As it stands on the decisions.", max_length=20)),
                (
                    "bin",
                    models.SmallIntegerField(
                        help_text="The cut of the grid that the ranks fall under; -1: not ranked."
                    ),
                ),
                ("items", models.PositiveIntegerField()),
                (
                    "task",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="slider.task"),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="tally",
            constraint=models.UniqueConstraint(fields=("task", "hour", "why", "bin"), name="one_tally_a_cell"),
        ),
        migrations.RunSQL(ROOM, ROOM_AWAY),
        migrations.RunSQL(COUNTED, COUNTED_AWAY),
        migrations.RunSQL(SO_FAR, migrations.RunSQL.noop),
    )
