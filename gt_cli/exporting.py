"""A campaign's labels, downloaded and written to a folder in the form that another tool reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from gt_cli.api import ApiError
from gt_service.errors import InvalidInput
from gt_service.exports import Format, Who, exported_files

_SECONDS_WITHOUT_A_BYTE = 60


def export(labels: Mapping[str, Any], form: Format, out: Path, *, only: Who | None = None) -> int:
    """Writes the files of an export into the folder `out`; answers how many. All of them, or nothing.

    labels: answer of GET /campaigns/{name}/labels. Errors: `ApiError` where the download fails; `InvalidInput` where
    `out` holds something already, or the form cannot hold the labels.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InvalidInput(f"{out} is there already", remedy="Name a folder that is not.", field="--out")
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as temporary:
        folder, count = Path(temporary) / "export", 0
        folder.mkdir()
        lines = _lines(_download(labels["url"]))
        files = exported_files(
            lines, attribute=labels["label_attribute"], classes=labels["labels"], form=form, only=only
        )
        for count, file in enumerate(files, start=1):  # noqa: B007 - the last number is the answer
            _write(folder / file.path, file.chunks)
        folder.replace(out)
    return count


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.writelines(chunks)


def _download(url: str) -> Iterator[bytes]:
    """Without the caller's token: the address itself says who may read."""
    try:
        with httpx.stream("GET", url, timeout=_SECONDS_WITHOUT_A_BYTE) as response:
            if not response.is_success:
                problem = f"the labels cannot be downloaded: S3 answers {response.status_code}"
                raise ApiError(problem, remedy="Try again; where it stays so, look at the service's permissions.")
            yield from response.iter_bytes()
    except httpx.TransportError as error:
        raise ApiError(f"the download of the labels broke off: {error}", remedy="Try again.") from None


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines as JSON Lines has them, ended by a newline and by nothing else."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    yield rest
