"""Runs a program of the product with its time compressed and, if asked, with one seeded bug:

python -m tests.faults.build none celery -A slider.celery worker …
python -m tests.faults.build "no fence" gunicorn …
"""

import os
import runpy
import sys


def main(bug: str, program: str, *arguments: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "slider.settings"
    import django

    django.setup()
    from tests.faults import bugs

    bugs.compress_time()
    if bug != "none":
        bugs.BUGS[bug].plant()
    sys.argv = [program, *arguments]
    runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
