"""Fetch pinned files over HTTP: in parallel, going on where an earlier attempt stopped, nothing kept unverified."""

import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Final

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from streamlake.kafka.errors import DownloadFailed, WrongChecksum
from streamlake.kafka.jars import Jar, sha256_of

Progress = Callable[[str, int, int], None]
"""Called with a step's name, bytes done, and bytes in all (0 where that is not known)."""

_PARALLEL: Final = 6
_ATTEMPTS: Final = 4
_TIMEOUT: Final = httpx.Timeout(30, connect=10)


class _Passing(Exception):  # never leaves this module
    """A fault that another attempt may not meet."""


def fetch(jars: Sequence[Jar], base_url: str, folder: Path, progress: Progress) -> None:
    """Bring every jar into `folder`, each with the checksum of its lock; files that are there and right are kept.

    Raises DownloadFailed (try again: it goes on from what is there) and WrongChecksum (never try that source again).
    A file stands under its own name only once it is verified; before, it ends in `.partial`.
    """
    total = sum(jar.size for jar in jars)
    done = 0
    limits = httpx.Limits(max_connections=_PARALLEL)
    trust = ssl.create_default_context()
    with (
        httpx.Client(verify=trust, timeout=_TIMEOUT, limits=limits, follow_redirects=True) as client,
        ThreadPoolExecutor(_PARALLEL, thread_name_prefix="download") as pool,
    ):
        running = {pool.submit(_fetch_one, client, f"{base_url}/{jar.path}", jar, folder): jar for jar in jars}
        try:
            for finished in as_completed(running):
                finished.result()
                done += running[finished].size
                progress("downloading Kafka", done, total)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _fetch_one(client: httpx.Client, url: str, jar: Jar, folder: Path) -> None:
    final = folder / jar.name
    if final.is_file() and sha256_of(final) == jar.sha256:
        return
    partial = folder / f"{jar.name}.partial"
    retrying = Retrying(
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_exponential_jitter(multiplier=0.2, max=4, jitter=0.2),
        retry=retry_if_exception_type((httpx.TransportError, _Passing)),
        reraise=True,
    )
    try:
        resumed = retrying(_append, client, url, partial, jar.size)
        if sha256_of(partial) != jar.sha256 and resumed:
            # What an earlier attempt left may be the wrong part: begin once more before blaming the source.
            partial.unlink()
            retrying(_append, client, url, partial, jar.size)
    except (httpx.HTTPError, httpx.InvalidURL, _Passing) as error:
        raise DownloadFailed(
            f"could not fetch {url}: {str(error) or type(error).__name__}.",
            next_step="Check the network and STREAMLAKE_MAVEN_BASE_URL; running it again goes on from here.",
        ) from error
    found = sha256_of(partial)
    if found != jar.sha256:
        partial.unlink()
        raise WrongChecksum(
            f"{url} has the checksum {found}, but {jar.sha256} is pinned.",
            next_step="Do not use this source: it serves another file.",
        )
    partial.replace(final)


def _append(client: httpx.Client, url: str, partial: Path, size: int) -> bool:
    """Read the rest of a file; True if it stands on an earlier attempt's bytes."""
    have = partial.stat().st_size if partial.exists() else 0
    if have > size:
        partial.unlink()
        have = 0
    if have == size and size:
        return True
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as answer:
        if answer.status_code in (408, 425, 429) or answer.status_code >= 500:
            raise _Passing(f"the server answered {answer.status_code}")
        answer.raise_for_status()
        resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
        with partial.open("ab" if resumed else "wb") as file:
            for chunk in answer.iter_raw():  # as they come: a fixed size would lose what came before a fault
                file.write(chunk)
                if file.tell() > size:  # more than was pinned: stop before it fills the disk
                    return False
            if file.tell() < size:
                raise _Passing(f"the server sent {file.tell()} of {size} bytes")
    return resumed
