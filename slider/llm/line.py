"""The line to one endpoint: a request drawn up once by the vendor's client, then sent again and again with new bodies.

The vendor's client knows how its requests look: address, authentication, the headers of the day. What it does beyond
that for each single call (headers and URLs built anew, responses wrapped three times) costs more than all the rest of
a call, so it draws up one request, which nothing sends, and aiohttp sends its likenesses.
"""

import ssl
from dataclasses import dataclass
from functools import cache

import aiohttp
import httpx2
import openai
from multidict import CIMultiDict
from yarl import URL

from slider.llm import reach

# Shorter than the 5 s after which common servers close an idle connection: a call must not meet one that is closing.
_IDLE_S = 4.0
_OURS_TO_SET = frozenset({"host", "connection", "content-length", "transfer-encoding", "x-stainless-retry-count"})


class TooMuchError(Exception):
    """The endpoint sends more than is read."""


class CompressedError(Exception):
    """The endpoint sends a compressed body, whose size can't be bounded before it is unpacked."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, read whole."""

    status: int
    retry_after: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class _Drawn:
    url: URL
    headers: CIMultiDict[str]
    proxy: str | None


class Line:
    """Connections to one endpoint under one key. It belongs to the event loop it is first used in; close it there."""

    def __init__(self, base_url: str, *, api_key: str, most_bytes: int, only_public: bool = False) -> None:
        self._base_url = str(httpx2.URL(base_url))  # what is no address is refused here
        self._api_key = api_key
        self._most_bytes = most_bytes
        self._only_public = only_public
        self._drawn: _Drawn | None = None
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: bytes) -> Reply:
        """Send one body to the chat endpoint. Redirects are not followed: a reply is a reply.

        Raises aiohttp.ClientError or OSError when the line fails, TooMuchError and CompressedError.
        """
        drawn = self._drawn or await self._draw()
        session = self._session or self._open(drawn)
        async with session.post(
            drawn.url, data=body, headers=drawn.headers, proxy=drawn.proxy, allow_redirects=False
        ) as response:
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise CompressedError("The endpoint compressed its answer, though it was asked not to.")
            content = await self._read(response)
            return Reply(response.status, response.headers.get("Retry-After"), content)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        length = response.content_length
        if length is not None and length <= self._most_bytes:
            return await response.read()  # what is sent beyond its length is not read at all
        parts, read = [], 0
        async for chunk in response.content.iter_any():
            read += len(chunk)
            if read > self._most_bytes:
                response.close()
                raise TooMuchError(f"The endpoint's answer has more than {self._most_bytes:,} bytes.")
            parts.append(chunk)
        return b"".join(parts)

    async def _draw(self) -> _Drawn:
        """Let the vendor's client make a request, with a transport that hands it back instead of sending it."""
        nowhere = httpx2.MockTransport(lambda _: httpx2.Response(200))
        async with openai.AsyncOpenAI(
            base_url=self._base_url,
            api_key=self._api_key or "none",  # servers on one's own machine ask for none
            max_retries=0,
            timeout=None,
            # Compressed answers save nothing at this size, and a small body could swell to any size.
            default_headers={"Accept-Encoding": "identity"},
            http_client=httpx2.AsyncClient(transport=nowhere, trust_env=False),
        ) as client:
            answer = await client.post("/chat/completions", content=b"{}", cast_to=httpx2.Response)
        url = URL(str(answer.request.url), encoded=True).with_user(None)  # the header says it already
        named = answer.request.headers.multi_items()
        headers = CIMultiDict((name, value) for name, value in named if name.lower() not in _OURS_TO_SET)
        self._drawn = _Drawn(url, headers, reach.proxy_of(str(url)))
        return self._drawn

    def _open(self, drawn: _Drawn) -> aiohttp.ClientSession:
        # As many connections as calls: the pump says how many that are.
        tls = _trusted() if self._base_url.startswith("https://") else True
        if self._only_public:
            reach.refuse_literal(drawn.url.host or "")
        resolver = reach.Resolver() if self._only_public and drawn.proxy is None else None
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_S, ssl=tls, resolver=resolver),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),  # the caller's deadline is for the whole call
        )
        return self._session


@cache
def _trusted() -> ssl.SSLContext:
    """Reading the certificates takes 20 ms, and a pump begins many shifts."""
    return httpx2.create_ssl_context()
