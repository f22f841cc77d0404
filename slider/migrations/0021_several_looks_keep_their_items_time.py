"""Each of several looks at an item is due when the item is, and as pressing: no other item's lot falls to it."""

from importlib import import_module

from django.db import migrations

BEFORE = (
    import_module("slider.migrations.0015_three_ahead_by_turn")
    .TURN.split("CREATE TRIGGER")[0]
    .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
)


class Migration(migrations.Migration):
    dependencies = [
        ("slider", "0020_a_claim_may_end_twice"),
    ]

    operations = [
        migrations.RunSQL(BEFORE.replace("('gate', 'audit')", "('gate', 'audit', 'peer')"), BEFORE),
    ]
