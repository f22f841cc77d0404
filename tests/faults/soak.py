"""Runs the product while it is broken in every way, waits until it rests, and checks what it promised.

python -m tests.faults.soak --seed 1                       # a minute
python -m tests.faults.soak --seed 1 --seconds 1800        # `make soak`
python -m tests.faults.soak --seeds 1-10 --bug "no fence"  # until the seeded bug is caught
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.place import set_up
from tests.faults import checker
from tests.faults.books import Books, read
from tests.faults.history import History
from tests.faults.lab import SETTINGS, Lab, lab, up
from tests.faults.model import FakeModel, Temper
from tests.faults.nemesis import Nemesis
from tests.faults.receiver import Receiver

CALM_S = 7.0  # longer than a lease, so that it is seen to be renewed
REST_LIMIT_S = 150.0  # for so long nothing may have ended
CROWD = 400  # looks that wait for four people: more come in once they are fewer
PROGRAMS, REVIEWERS = 3, 4


@dataclass(frozen=True, slots=True)
class Report:
    """What one run came to."""

    seed: int
    bug: str
    seconds: float
    items: int
    unattended: int
    moves: int
    calls: int
    repeated: int  # calls beyond one an item
    deliveries: int
    faults: dict[str, int]
    rest_s: float | None
    violations: tuple[str, ...]

    def words(self) -> str:
        return json.dumps({name: getattr(self, name) for name in self.__slots__}, indent=1)


def main(arguments: Sequence[str]) -> int:
    given = options(arguments)
    first, _, last = given.seeds.partition("-")
    if last:
        return _one_by_one(range(int(first), int(last) + 1), given)
    report = run(int(first), seconds=given.seconds, bug=given.bug, keep=given.keep, aloud=given.aloud)
    print(report.words(), flush=True)  # noqa: T201  # what it is run for
    return int(bool(report.violations) != bool(given.bug))


def _one_by_one(seeds: Sequence[int], given: argparse.Namespace) -> int:
    """Each seed in a process of its own, since Django keeps to the servers that it was set up with.

    All of them, or, with a seeded bug, as many as it takes to catch it. 1 if one is not as it should be.
    """
    more = [f"--seconds={given.seconds}", f"--bug={given.bug}", *(["--aloud"] if given.aloud else [])]
    as_it_should_be = True
    for seed in seeds:
        keep = [f"--keep={given.keep / str(seed)}"] if given.keep else []
        done = subprocess.run([sys.executable, "-m", "tests.faults.soak", f"--seed={seed}", *more, *keep], check=False)
        if given.bug and done.returncode == 0:
            return 0
        as_it_should_be &= done.returncode == 0
    return int(not as_it_should_be)


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.faults.soak", description=__doc__)
    parser.add_argument("--seeds", "--seed", default="1", help="One seed, or the first and the last: 1-10.")
    parser.add_argument("--seconds", type=float, default=30.0, help="For so long things break.")
    parser.add_argument("--bug", default="", help="A seeded bug that has to be caught.")
    parser.add_argument("--keep", type=Path, help="A folder for logs and the history of a run with violations.")
    parser.add_argument("--aloud", action="store_true", help="Tell faults and lost answers as they come.")
    return parser.parse_args(arguments)


def run(seed: int, *, seconds: float, bug: str = "", keep: Path | None = None, aloud: bool = False) -> Report:
    """One run from empty servers to the verdict."""
    from tests.faults.bugs import BUGS

    history = History(aloud=aloud)
    planted = BUGS.get(bug)
    temper = Temper(hang_s=8.0) if planted is None or bug != "no renewal" else Temper(hanging=0.1)
    with ExitStack() as stack:
        model = FakeModel(history, seed=seed, temper=temper)
        stack.callback(model.stop)
        receiver = Receiver(seed=seed)
        stack.callback(receiver.stop)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slider-lab-")))
        place = stack.enter_context(lab(folder, model.base_url, bug=bug))
        scene = set_the_scene(place, receiver, schema=planted.schema if planted else ())
        place.start_pieces()
        up(place)
        calm_until = time.time() + CALM_S
        nemesis = Nemesis(place, history, seed=seed, only=planted.only if planted else ())
        rest_s = play(place, scene, history, nemesis, seed=seed, seconds=seconds)
        with place.connect() as connection:
            books = read(connection)
        limits = checker.Limits(float(SETTINGS["SLIDER_GUARD_TTL_S"]), calm_until, model.calls)
        violations = tuple(map(str, checker.check(history, books, receiver.deliveries, limits)))
        if keep is not None and violations:
            save(keep, folder, history, violations)
        return report(seed, bug, seconds, books, model, receiver, nemesis, rest_s, violations)


@dataclass(frozen=True, slots=True)
class Scene:
    """Who takes part."""

    task_id: int
    slug: str
    key: str
    tuner: int
    sessions: tuple[tuple[str, str], ...]


def set_the_scene(place: Lab, receiver: Receiver, *, schema: Sequence[str]) -> Scene:
    """Tables, one task with its worker, its people and its receiver; then what a seeded bug takes away."""
    set_up()
    from django.conf import settings

    from bench.desk_http import sign_in
    from slider.flow import endpoints, keys
    from slider.models import Mode, Role, Scope, Worker
    from tests import casts

    cast = casts.company(share=0.5, mode=Mode.TRIAL, undo_s=0)
    Worker.objects.update(model="m", in_flight=16, samples=1, logprobs=False, timeout_s=20)
    receiver.secret = endpoints.make(cast.task, url=receiver.url).new_secret
    names = [cast.reviewer.username, cast.colleague.username]
    names += [
        casts.person(f"reviewer-{n}", role=Role.REVIEWER, of=cast.project).username for n in range(3, REVIEWERS + 1)
    ]
    made = keys.make(cast.project, name="programs", scopes=[Scope.INTAKE], expires_at=None, by=cast.admin.pk)
    cookie = settings.SESSION_COOKIE_NAME
    scene = Scene(
        task_id=cast.task.pk,
        slug=cast.task.slug,
        key=made.whole,
        tuner=cast.tuner.pk,
        sessions=tuple((name, f"{cookie}={sign_in(name)}") for name in names),
    )
    with place.connect() as session:
        for statement in schema:
            session.execute(statement)
    return scene


def play(place: Lab, scene: Scene, history: History, nemesis: Nemesis, *, seed: int, seconds: float) -> float | None:
    """Everybody at once; then nothing breaks any more, and all of it has to rest by itself: seconds until then."""
    from django.db import connections

    from tests.faults import clients

    crowded, stop_pushing, stop_breaking, stop_deciding = (threading.Event() for _ in range(4))
    port = place.port
    crew = [
        threading.Thread(
            target=clients.push,
            kwargs={
                "history": history,
                "port": port,
                "key": scene.key,
                "task": scene.slug,
                "number": n,
                "seed": seed * 100 + n,
                "crowded": crowded,
                "stop": stop_pushing,
            },
        )
        for n in range(1, PROGRAMS + 1)
    ]
    tuning = {"task_id": scene.task_id, "by": scene.tuner, "seed": seed, "stop": stop_breaking}
    crew.append(threading.Thread(target=clients.tune, args=(history,), kwargs=tuning))
    late = [
        threading.Thread(
            target=clients.Reviewer(history, port=port, name=name, session=session, seed=seed * 1000 + n).run,
            args=(stop_deciding,),
        )
        for n, (name, session) in enumerate(scene.sessions)
    ]
    watch = {"connect": place.connect, "task_id": scene.task_id, "stop": stop_deciding}
    late.append(threading.Thread(target=clients.watch_the_guard, args=(history,), kwargs=watch))
    for thread in [*crew, *late]:
        thread.start()
    time.sleep(CALM_S)
    breaking = threading.Thread(target=nemesis.run, args=(stop_breaking,))
    supervisor = threading.Thread(target=supervise, args=(place, stop_deciding))
    crew.append(threading.Thread(target=mind_the_queue, args=(place, crowded, stop_pushing)))
    crew[-1].start()
    breaking.start()
    supervisor.start()
    time.sleep(seconds)
    stop_breaking.set()
    breaking.join()
    place.heal()
    stop_pushing.set()
    for thread in crew:
        thread.join()
    rest_s = rest(place)
    stop_deciding.set()
    for thread in [*late, supervisor]:
        thread.join()
    connections.close_all()
    return rest_s


def supervise(place: Lab, stop: threading.Event) -> None:
    """What ends is started again, as by systemd or an orchestrator."""
    while not stop.wait(0.5):
        place.mend()


def mind_the_queue(place: Lab, crowded: threading.Event, stop: threading.Event) -> None:
    """Half an hour of programs that never wait would leave hours of work for four people."""
    while not stop.wait(1.0):
        try:
            with place.connect() as connection:
                many = connection.execute(
                    "SELECT count(*) > %s FROM slider_item WHERE state = 'review'", [CROWD]
                ).fetchall() == [(True,)]
        except psycopg.Error:
            continue  # it is just being broken
        (crowded.set if many else crowded.clear)()


def rest(place: Lab) -> float | None:
    """Seconds until every item is final and everything owed has left; None when that does not come about."""
    began = moved = time.monotonic()
    before: tuple[object, ...] = ()
    while time.monotonic() - moved < REST_LIMIT_S:
        with place.connect() as connection:
            (left,) = connection.execute(
                """
                SELECT (SELECT count(*) FROM slider_item WHERE state NOT IN ('done', 'withdrawn')),
                       (SELECT count(*) FROM slider_parcel WHERE state = 'due')
                """
            ).fetchall()
        if left == (0, 0):
            return time.monotonic() - began
        if left != before:  # nothing comes in any more, so whatever changes comes nearer to the end
            before, moved = left, time.monotonic()
        time.sleep(0.25)
    return None


def save(keep: Path, folder: Path, history: History, violations: Sequence[str]) -> None:
    keep.mkdir(parents=True, exist_ok=True)
    history.save(keep / "history.jsonl")
    (keep / "violations.txt").write_text("\n".join(violations) + "\n")
    for log in (folder / "log").glob("*.log"):
        (keep / log.name).write_bytes(log.read_bytes())


def report(
    seed: int,
    bug: str,
    seconds: float,
    books: Books,
    model: FakeModel,
    receiver: Receiver,
    nemesis: Nemesis,
    rest_s: float | None,
    violations: tuple[str, ...],
) -> Report:
    return Report(
        seed=seed,
        bug=bug,
        seconds=seconds,
        items=len(books.items),
        unattended=sum(decision.lane == "unattended" for decision in books.decisions),
        moves=len(books.moves),
        calls=model.calls,
        repeated=model.calls - len(books.items),
        deliveries=len(receiver.deliveries),
        faults=dict(sorted(nemesis.done.items())),
        rest_s=None if rest_s is None else round(rest_s, 1),
        violations=violations,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
