"""Starts the stand-in model: ``python -m slider.llm.standin --port 0``."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import closing

from slider.llm.standin import faults, wire
from slider.llm.standin.server import Standin

_ABOUT = """\
A stand-in for a language model, with the OpenAI HTTP API (GET /v1/models, POST /v1/chat/completions; the
model is "standin-1"). It is a small statistical learner that knows only what is in the prompt. It is there for
demonstrations, tests and measurements where no real model is at hand.
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    try:
        asyncio.run(_run(_arguments(argv)))
    except OSError as error:
        sys.exit(f"The stand-in could not start: {error}. Choose another --port (0 takes a free one) or --uds.")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m slider.llm.standin",
        description=_ABOUT,
        epilog=faults.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one (default)")
    parser.add_argument("--uds", metavar="PATH", help="listen on this Unix socket instead")
    parser.add_argument("--api-key", help="answer 401 to calls without this key (default: any key will do)")
    parser.add_argument("--seed", type=int, help="seed of the draws of faults (default: none)")
    return parser.parse_args(argv)


async def _run(arguments: argparse.Namespace) -> None:
    standin = Standin(api_key=arguments.api_key, seed=arguments.seed)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if arguments.uds:
        server = await asyncio.start_unix_server(standin.serve, arguments.uds, limit=wire.LONGEST_HEAD)
        address = f"unix:{arguments.uds}"
    else:
        server = await asyncio.start_server(standin.serve, arguments.host, arguments.port, limit=wire.LONGEST_HEAD)
        host, port = server.sockets[0].getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"
    print(f"Stand-in model (no real LLM) on {address}", flush=True)
    # Closing stops the listening; connections that still talk end with the process.
    with closing(server):
        await stop.wait()


if __name__ == "__main__":
    main()
