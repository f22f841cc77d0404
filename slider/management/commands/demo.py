"""`manage.py demo`: all of Slider on this machine, from servers to web pages, until Ctrl-C."""

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connections

from slider import embedded
from slider.environment import HERE
from slider.management.local import children, logins, progress
from slider.management.local.signals import interruptible

LOOK_EVERY_S = 1.0
SAY_EVERY_S = 10.0  # where the output is no terminal, and a line can't be written over


class Command(BaseCommand):
    help = "Run all of Slider on this machine with a small shop's messages. Ctrl-C stops it; the rest stays."
    requires_system_checks = ()  # they may ask the database, which does not run yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="Of the web pages; another if it is taken.")
        parser.add_argument(
            "--until-idle",
            action="store_true",
            help="Stop once every item is past the workers, with a summary.",
        )
        parser.add_argument("--reset", action="store_true", help="Forget all that the demo stored, and stop.")

    def handle(self, *, port: int, until_idle: bool, reset: bool, **_: Any) -> None:
        state = settings.ENV.SLIDER_STATE_DIR
        try:
            if reset:
                embedded.forget(state)
                self.say(f"Forgot all that was stored in {state}.")
                return
            with interruptible():
                self.run(state, port=port, until_idle=until_idle)
        except embedded.EmbeddedError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.say("\nStopped.")
        self.say("What it stored stays: `make demo` goes on from here, `make demo-reset` forgets it.")

    def run(self, state: Path, *, port: int, until_idle: bool) -> None:
        """Start everything in order, watch it, and stop it in reverse order."""
        with ExitStack() as stack:
            with self.phase("PostgreSQL and Redis"):
                servers = stack.enter_context(
                    embedded.servers(state, database_url=settings.ENV.DATABASE_URL, redis_url=settings.ENV.REDIS_URL)
                )
            stack.callback(connections.close_all)
            local = children.Local(
                crew=stack.enter_context(embedded.Crew()),
                home=HERE,
                state=state,
                env=children.environment(
                    state=state,
                    secret_key=settings.SECRET_KEY,
                    database_url=servers.database_url,
                    redis_url=servers.redis_url,
                ),
            )
            local = self.with_model(local)
            (state / "static").mkdir(exist_ok=True)  # whitenoise warns where nothing was collected
            with self.phase("tables"):
                call_command("migrate", verbosity=0)
            with self.phase("people, a task and its messages"):
                local.run("seed", "django", "seed_demo")
            with self.phase("Celery workers and web pages"):
                fleet = children.start_fleet(local)
                port = self.chosen_port(port)
                web = children.start_web(local, port=port)
            stack.callback(self.stop, local, web, *fleet)
            self.say(welcome(state, port=port))
            self.watch(local, servers, until_idle=until_idle)

    def with_model(self, local: children.Local) -> children.Local:
        """The endpoint that the environment names, or a stand-in model of our own."""
        env = settings.ENV
        if env.OPENAI_API_KEY or "OPENAI_BASE_URL" in env.model_fields_set:
            self.say(f"  model: {env.SLIDER_MODEL} at {env.OPENAI_BASE_URL} (yours: calls may cost money)")
            return local
        with self.phase("stand-in model (no real LLM: set OPENAI_API_KEY for one)"):
            return children.start_standin(local)

    def chosen_port(self, wanted: int) -> int:
        port = children.free_port(wanted)
        if port != wanted:
            self.say(f"  port {wanted} is taken: using {port}")
        return port

    def stop(self, local: children.Local, web: embedded.Child, *fleet: embedded.Child) -> None:
        """The pages first, so that nothing new comes in; then the fleet, all at once."""
        self.say("\nStopping ...")
        local.crew.dismiss(web)
        local.crew.dismiss(*fleet)

    def watch(self, local: children.Local, servers: embedded.Running, *, until_idle: bool) -> None:
        """Say how far the items have come until a signal, the end of the work, or the fall of a child."""
        said, said_at = "", 0.0
        while True:
            if fallen := servers.fallen() or local.crew.fallen():
                raise embedded.EmbeddedError(f"{fallen.obituary()}\nEverything else was stopped with it.")
            try:
                now = progress.read()
            except OperationalError:  # the server went away: the next look names it
                time.sleep(LOOK_EVERY_S)
                continue
            if until_idle and now.is_idle:
                self.say(f"\nEvery item is past the workers.\n{now.table()}")
                return
            if now.line() != said and (self.stdout.isatty() or time.monotonic() - said_at > SAY_EVERY_S):
                said, said_at = now.line(), time.monotonic()
                self.say(f"\r\033[K{said}" if self.stdout.isatty() else said, ending=self.line_ending())
            time.sleep(LOOK_EVERY_S)

    def line_ending(self) -> str:
        return "" if self.stdout.isatty() else "\n"

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """One line a phase: what it is, and how long it took."""
        began = time.monotonic()
        self.say(f"  {name} ...", ending="")
        try:
            yield
        except BaseException:
            self.say("")
            raise
        self.say(f" {time.monotonic() - began:.1f} s")

    def say(self, text: str, *, ending: str = "\n") -> None:
        self.stdout.write(text, ending=ending)
        self.stdout.flush()


def welcome(state: Path, *, port: int) -> str:
    """Where it is, who may sign in, and how to end it."""
    names = ", ".join(logins.NAMES)
    return f"""
Slider runs at  http://localhost:{port}
Sign in as      {names} (one password: {logins.password(state)})
Logs            {state / "log"}
Stop            Ctrl-C; what it stored stays
Start afresh    make demo-reset
"""
