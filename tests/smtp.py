"""A real mail server for tests: takes mails on loopback, or refuses them in the way that it is told."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_string
from email.message import Message


@dataclass  # without slots: socketserver sets attributes
class Mailbox:
    """What has arrived. `refusal` is the answer to every recipient; empty: all are welcome."""

    port: int = 0
    refusal: str = ""
    mails: list[Message] = field(default_factory=list)
    to: list[str] = field(default_factory=list)


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    box = Mailbox()

    class Talk(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 here")
            while line := self.rfile.readline().decode().strip():
                verb = line.split(maxsplit=1)[0].upper()
                if verb == "DATA":
                    self.say("354 go on")
                    box.mails.append(message_from_string(self._text()))
                    self.say("250 kept")
                elif verb == "RCPT" and box.refusal:
                    self.say(box.refusal)
                elif verb == "RCPT":
                    box.to.append(line.partition("<")[2].rstrip(">"))
                    self.say("250 welcome")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 yes")

        def _text(self) -> str:
            lines: list[str] = []
            while (line := self.rfile.readline().decode()) not in (".\r\n", ""):
                lines.append(line)
            return "".join(lines)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as server:
        server.daemon_threads = True
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield box
        server.shutdown()
        thread.join()
