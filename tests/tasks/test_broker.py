"""Redis goes away while a hint is being handled: the worker takes the next one all the same."""

import tempfile
from pathlib import Path

import structlog
from kombu import Connection

from slider.celery import app, broker
from slider.embedded import Crew, folder, redis_server
from slider.embedded.folder import addresses

log = structlog.get_logger(__name__)


def test_a_hint_whose_redis_dies_meanwhile_stands_before_no_other() -> None:
    options = app.conf.broker_transport_options
    with tempfile.TemporaryDirectory(prefix="slider-") as name, Crew() as crew:
        place = Path(name)
        folder.make_private(place / "log")
        server = redis_server.start(crew, place)
        with Connection(broker(addresses(place).redis_url), transport_options=options) as line:
            hints = line.SimpleQueue("sweep")
            hints.consumer.qos(prefetch_count=1)  # one at a time, as a worker of one process
            app.send_task("tasks.sweep.sweep", connection=line)
            hint = hints.get(timeout=5)
            channel = hint.channel
            assert channel is not None
            assert not channel.qos.can_consume()
            server.process.kill()
            server.process.wait()
            hint.ack_log_error(log, line.connection_errors)
            assert channel.qos.can_consume()
