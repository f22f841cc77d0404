"""Breaks one thing after the other, by its seed, and says so in the history."""

import random
import threading
from collections import Counter
from collections.abc import Callable

import psycopg
import redis
from kombu.exceptions import OperationalError as BrokerAway

from tests.faults.history import History
from tests.faults.lab import Lab

LEASE_S = 5.0
SILENCE_S = 14.0  # longer than the guard may be silent
PUMPS = ("pump-1", "pump-2")


class Nemesis:
    """`only` keeps to some of the faults."""

    def __init__(self, lab: Lab, history: History, *, seed: int, only: tuple[str, ...] = ()) -> None:
        self._lab, self._history = lab, history
        self._chance = random.Random(seed)
        self.done: Counter[str] = Counter()
        self._beside: list[threading.Thread] = []
        chance = self._chance
        whole: dict[str, Callable[[], object]] = {
            "kill a pump": lambda: lab.kill(chance.choice(PUMPS)),
            "kill a pump's child": lambda: lab.kill_one_of(chance.choice(PUMPS), chance.random()),
            "freeze a pump": lambda: self._meanwhile(lab.freeze, chance.choice(PUMPS), LEASE_S * 1.7),
            "kill the web": lambda: lab.kill("web"),
            "kill a web child": lambda: lab.kill_one_of("web", chance.random()),
            "kill the hands": lambda: lab.kill("hands"),
            "kill the doors": lambda: lab.kill("doors"),
            "kill the guard": lambda: lab.kill("guard"),
            "silence the guard": lambda: self._meanwhile(lab.freeze, "guard", SILENCE_S),
            "flush redis": lambda: lab.broker().flushall(),
            "kill redis": lambda: lab.kill_redis(chance.uniform(0.0, 1.5)),
            "freeze redis": lambda: self._meanwhile(lab.freeze, "redis", 2.0),
            "restart postgres": lab.restart_postgres,
            "cut connections": lab.cut_connections,
            "many hints": lambda: self._hint(chance.randrange(20, 60)),
        }
        self._faults = {name: act for name, act in whole.items() if not only or name in only}
        if not self._faults:
            raise ValueError(f"no fault is called {' or '.join(only)}: choose among {', '.join(whole)}")

    def run(self, stop: threading.Event) -> None:
        """One fault every half to two seconds until it is told to stop."""
        while not stop.wait(self._chance.uniform(0.5, 2.0)):
            name = self._chance.choice(sorted(self._faults))
            self.done[name] += 1
            self._history.add("nemesis", "fault", name)
            try:
                self._faults[name]()
            except (psycopg.Error, redis.RedisError, BrokerAway, OSError) as error:
                self._history.add("nemesis", "info", name, value=f"{type(error).__name__}: {error}"[:200])
        for thread in self._beside:
            thread.join()

    def _meanwhile(self, act: Callable[..., object], *arguments: object) -> None:
        """Something stays broken while the next things break; never two freezes of one piece."""
        if arguments[0] in self._lab.frozen:
            return
        thread = threading.Thread(target=act, args=arguments, daemon=True)
        thread.start()
        self._beside.append(thread)

    def _hint(self, count: int) -> None:
        """Duplicate, stale and foreign hints."""
        from slider.flow import wake

        for _ in range(count):
            wake.hint(self._chance.choice(["work", "publish"]), self._chance.choice([1, 1, 1, 2, 10**9]))
