"""`python -m slider`: the command line of an installation, by short names."""

import os
import sys
from collections.abc import Sequence

# What the commands are called here, and as `manage.py` has them: a module can't be called import.
SHORT = {"import": "import_items", "export": "export_items"}
COMMANDS = {
    "init": "set up: tables, a first person, a first project",
    "doctor": "look at everything that Slider needs, and say what is wrong and what to do",
    "import": "bring a file of items in",
    "import_history": "let past outputs that people have judged calibrate a slider",
    "export": "write a task's items and results to a file",
    "backtest": "replay labelled outputs: what a slider would have done",
    "reconcile": "compare a list of ids with what is here: missing, unfinished, undelivered",
    "keys": "list, make and revoke API keys",
    "upgrade": "apply the migrations of a release",
}


def main(arguments: Sequence[str]) -> None:
    """Run a command; without one, say which there are."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slider.settings")
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        lines = [f"  {name:<16}{words}" for name, words in COMMANDS.items()]
        print("python -m slider COMMAND [--help]\n\n" + "\n".join(lines))  # noqa: T201  # this is a command line
        return
    from django.core.management import execute_from_command_line  # after the settings are named

    execute_from_command_line(["slider", SHORT.get(arguments[0], arguments[0]), *arguments[1:]])


if __name__ == "__main__":
    main(sys.argv[1:])
