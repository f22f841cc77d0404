"""How a result was delivered stands on its parcels: the columns that older code kept it in go."""

from django.db import migrations


class Migration(migrations.Migration):
    when = "after"

    dependencies = (("slider", "0045_what_is_owed_moves_over"),)

    operations = (
        migrations.RemoveIndex("publication", "publication_due"),
        migrations.RemoveIndex("publication", "publication_stuck"),
        migrations.RemoveConstraint("publication", "publication_delivery"),
        migrations.RemoveField("publication", "delivery"),
        migrations.RemoveField("publication", "tries"),
        migrations.RemoveField("publication", "next_try_at"),
        migrations.RemoveField("publication", "delivered_at"),
        migrations.RemoveField("publication", "last_problem"),
    )
