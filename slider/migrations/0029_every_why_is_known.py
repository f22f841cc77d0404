"""Read the decisions of before against the wider rule of their reasons; nobody waits for it."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("slider", "0028_endpoints_have_whims"),
    ]

    operations = [
        ValidateConstraint("decision", "decision_why"),
    ]
