"""The embedded default: a real PostgreSQL and a real Redis, started from wheels and gone with their launcher.

    with embedded.servers(Path(".slider")) as (database_url, redis_url):
        ...

Both listen on unix sockets in a folder that only its owner may enter: there is no TCP port and no password.
"""

from slider.embedded.children import Child, Crew, EmbeddedError
from slider.embedded.folder import Addresses, addresses
from slider.embedded.launch import Running, forget, servers

__all__ = ["Addresses", "Child", "Crew", "EmbeddedError", "Running", "addresses", "forget", "servers"]
