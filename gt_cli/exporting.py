"""A campaign's labels, downloaded and written to a folder in the form that another tool reads, images beside them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from gt_cli.api import ApiError
from gt_service.errors import InvalidInput, NotFound
from gt_service.exports.export import Export
from gt_service.exports.images import ExportedImage
from gt_service.objects import ObjectStore, S3Uri
from gt_service.parallel import in_parallel

_SECONDS_WITHOUT_A_BYTE = 60
_UNSAFE_PARTS = {"", ".", ".."}


@dataclass(frozen=True)
class Exported:
    """What came of an export. `missing`: labeled images that are not in the bucket (or folder) any more."""

    files: int
    images: int
    missing: tuple[str, ...] = ()


Bring = Callable[[ExportedImage, Path], bool]
"""Puts one image at a path; False where there is none."""


def from_bucket(objects: ObjectStore) -> Bring:
    """Images as copies of those in the bucket."""

    def bring(image: ExportedImage, target: Path) -> bool:
        try:
            target.write_bytes(objects.read(image.source))
        except NotFound:
            return False
        return True

    return bring


def from_folder(folder: Path, prefix: str, *, link: bool) -> Bring:
    """Images of this machine, which the folder holds by their names below `prefix`: copies of them, or links."""

    def bring(image: ExportedImage, target: Path) -> bool:
        name = image.source.key.removeprefix(prefix)
        local = folder / name
        # A key may lead out of the folder; such an image was not uploaded from it.
        if _UNSAFE_PARTS & set(name.split("/")) or not local.is_file():
            return False
        if link:
            target.symlink_to(local.absolute())
        else:
            shutil.copyfile(local, target)
        return True

    return bring


@contextmanager
def downloaded(url: str) -> Iterator[Path]:
    """The campaign's manifest, for as long as it is read. Errors: `ApiError` where the download fails."""
    with TemporaryDirectory(prefix="gt-service-") as temporary:
        manifest = Path(temporary) / "output.manifest"
        _write(manifest, download_url(url, "labels"))
        yield manifest


def lines_of(manifest: Path) -> Iterator[bytes]:
    """Lines as JSON Lines has them, ended by a newline and by nothing else."""
    with manifest.open("rb") as file:
        yield from file


def write_export(wanted: Export, out: Path, bring: Bring | None = None) -> Exported:
    """Writes an export into the folder `out`, with images where it is said how. All of it, or nothing.

    Errors: `InvalidInput` where `out` holds something already, or the form cannot hold the labels.
    """
    check_is_free(out)
    with TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as temporary:
        folder = Path(temporary) / "export"
        folder.mkdir()
        files = 0
        for file in wanted.files():
            _write(folder / file.path, file.chunks)
            files += 1
        count, missing = 0, list[str]()
        if bring is not None:
            for image in wanted.images():
                target = folder / image.path
                target.parent.mkdir(parents=True, exist_ok=True)
                if bring(image, target):
                    count += 1
                else:
                    missing.append(str(image.source))
        os.replace(folder, out)
    return Exported(files, count, tuple(missing))


def check_is_free(out: Path) -> None:
    """Errors: `InvalidInput` where it holds something already."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InvalidInput(f"{out} is there already", remedy="Name a folder that is not.", field="--out")
    out.parent.mkdir(parents=True, exist_ok=True)


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.writelines(chunks)


def download_url(url: str, what: str) -> Iterator[bytes]:
    """Without the caller's token: the address itself says who may read. Errors: `ApiError`."""
    try:
        with httpx.stream("GET", url, timeout=_SECONDS_WITHOUT_A_BYTE) as response:
            if not response.is_success:
                problem = f"the {what} cannot be downloaded: S3 answers {response.status_code}"
                raise ApiError(problem, remedy="Try again; where it stays so, look at the service's permissions.")
            yield from response.iter_bytes()
    except httpx.TransportError as error:
        raise ApiError(f"the download of the {what} broke off: {error}", remedy="Try again.") from None


def download(objects: ObjectStore, prefix: S3Uri, folder: Path) -> int:
    """Copies all objects below a prefix into a folder, their keys as paths; answers how many."""

    def fetch(uri: S3Uri) -> None:
        target = folder / uri.key.removeprefix(prefix.key).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(objects.read(uri))

    uris = (summary.uri for summary in objects.list(prefix))
    return sum(1 for _ in in_parallel(fetch, uris))
