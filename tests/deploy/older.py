"""The code that a site may still run while this code's migrations are applied: the newest release, or the commit before
the newest migration where there is no release yet.
"""

import io
import shutil
import subprocess
import tarfile
from itertools import pairwise
from pathlib import Path

from django.db.migrations.loader import MigrationLoader

from slider.queries.upgrade import is_after
from tests.deploy.site import ROOT

MIGRATIONS = "slider/migrations"


def newest() -> list[str]:
    """The product's migrations in their order."""
    loader = MigrationLoader(None)
    return [name for app, name in loader.graph.forwards_plan(loader.graph.leaf_nodes("slider")[0]) if app == "slider"]


def half_way(older: str) -> str:
    """The last migration that is applied while code that ends with `older` still runs."""
    loader = MigrationLoader(None)
    line = newest()
    for before, name in pairwise(line[line.index(older) :]):
        if is_after(loader.disk_migrations["slider", name]):
            return before
    return line[-1]


def has_history() -> bool:
    """Whether this is a checkout with a past, and not an unpacked archive."""
    return (
        (ROOT / ".git").exists()
        and shutil.which("git") is not None
        and git("rev-parse", "--is-shallow-repository") == "false"
    )


def commit() -> str:
    """The newest release's, or the last on our line that does not know the newest migration."""
    tags = git("tag", "--merged", "HEAD", "--sort=-creatordate").split()
    if tags:
        return tags[0]
    line = git("rev-list", "--first-parent", "HEAD").split()
    wanted = f"{MIGRATIONS}/{newest()[-1]}.py"
    asked = "\n".join(f"{one}:{wanted}" for one in line)
    told = git("cat-file", "--batch-check", given=asked).splitlines()
    return next(one for one, answer in zip(line, told, strict=True) if answer.endswith("missing"))


def last_migration() -> str:
    """The newest migration that the older code knows."""
    line = newest()
    if has_history():
        known = {Path(name).stem for name in git("ls-tree", "--name-only", commit(), f"{MIGRATIONS}/").splitlines()}
        if here := [name for name in line if name in known]:
            return here[-1]
    return line[-2]


def unpack(which: str, to: Path) -> Path:
    """The files of a commit in a folder of their own."""
    packed = subprocess.run(command("archive", "--format=tar", which), cwd=ROOT, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as files:
        files.extractall(to, filter="data")
    return to


def command(*arguments: str) -> list[str]:
    # The checkout may belong to somebody else than who runs the tests, as in a container.
    return ["git", "-c", f"safe.directory={ROOT}", *arguments]


def git(*arguments: str, given: str = "") -> str:
    done = subprocess.run(command(*arguments), cwd=ROOT, input=given, capture_output=True, text=True, check=True)
    return done.stdout.strip()
