"""The zip that the engine's functions run, and their part of the template.

Lambda takes 262 MB unpacked, and what the engine needs is 340: what none of its modules loads is left out here, and
`import_problems` shows that nothing is missing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from chalice.package import YAMLTemplateSerializer

from gt_service.errors import GtServiceError

PACKAGES = Path(__file__).resolve().parents[1]
TEMPLATE = PACKAGES / "gt_engine" / "functions" / "template.yaml"
REQUIREMENTS = Path("requirements") / "engine.txt"
PYTHON = "3.12"
"""The runtime of the functions, as the template says."""
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64")
"""Amazon Linux 2023, which Python 3.12 runs on, has glibc 2.34."""
SERVICES = ("dynamodb", "events", "logs", "s3", "scheduler", "sns", "sqs", "ssm", "stepfunctions", "sts", "sagemaker")
"""Services that the engine calls, and SageMaker, whose API it speaks: it reads the shapes from botocore's model."""
UNUSED = (
    "aws_lambda_powertools",
    "bin",
    "click",
    "contourpy",
    "fontTools",
    "h11",
    "imagehash",
    "kiwisolver",
    "matplotlib",
    "mpl_toolkits",
    "obstore",
    "onnxruntime/backend",
    "onnxruntime/datasets",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "pylab.py",
    "pywt",
    "PyWavelets.libs",
    "scipy/cluster",
    "scipy/datasets",
    "scipy/differentiate",
    "scipy/io",
    "scipy/misc",
    "scipy/odr",
    "scipy/signal",
    "uvicorn",
)
UNUSED_NAMES = ("libonnxruntime.so", "libavif", "_avif.")
"""onnxruntime brings its library a second time for programs in C; AVIF is no format of Ground Truth's."""


class EnginePackagingError(GtServiceError):
    """The engine's package could not be built."""

    code = "packaging_failed"


def merged(template: Mapping[str, Any]) -> dict[str, Any]:
    """The app's template with the engine's resources, and the app told where its engine is."""
    own = YAMLTemplateSerializer().load_template(TEMPLATE.read_text("utf-8"), TEMPLATE.name)
    whole = _merged(own, template)
    # What said whether there is an engine elsewhere decides nothing any more.
    for name in ("SageMakerEndpointUrl", "EngineChecksSignatures"):
        del whole["Parameters"][name]
    for name in ("HasEngine", "SignsForEngine"):
        del whole["Conditions"][name]
    return whole


def _merged(over: Mapping[str, Any], under: Mapping[str, Any]) -> dict[str, Any]:
    """One document laid over another. A value that CloudFormation works out (`Ref`, `Fn::…`) is one value: two of them
    are never mixed into one that means nothing."""
    merged = dict(under)
    for key, value in over.items():
        below = under.get(key)
        if isinstance(value, dict) and isinstance(below, dict) and not (_is_worked_out(value) or _is_worked_out(below)):
            merged[key] = _merged(value, below)
        else:
            merged[key] = value
    return merged


def _is_worked_out(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))


def build(target: Path, project: Path, *, dependencies: bool) -> None:
    """Writes the zip; without dependencies for a stack that runs functions in this interpreter's environment."""
    with TemporaryDirectory(prefix="gt-engine-zip-") as folder:
        site = Path(folder)
        if dependencies:
            _install(project / REQUIREMENTS, site)
        for package in ("gt_engine", "gt_service"):
            shutil.copytree(PACKAGES / package, site / package, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6 if dependencies else 1) as archive:
            for file in sorted(site.rglob("*")):
                name = file.relative_to(site).as_posix()
                if file.is_file() and not is_ballast(name):
                    # Always the same time: equal code makes an equal zip, which is not deployed again.
                    entry = zipfile.ZipInfo(name)
                    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                    archive.writestr(entry, file.read_bytes())


def is_ballast(name: str) -> bool:
    """Whether a file is of no use to the functions."""
    path = PurePosixPath(name)
    if path.parts[:2] == ("botocore", "data") and len(path.parts) > 3:
        return path.parts[2] not in SERVICES
    if path.parts[:2] == ("babel", "locale-data"):
        return not path.name.startswith(("root", "en"))  # of 30 MB; templates of tasks format nothing by country
    if any(path.is_relative_to(folder) for folder in UNUSED) or path.name.startswith(UNUSED_NAMES):
        return True
    if path.parts[0] in {"gt_engine", "gt_service"}:
        return False
    return "tests" in path.parts[1:-1] or path.suffix in (".pyi", ".pyx", ".pxd", ".h", ".pyc")


def _install(requirements: Path, site: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--implementation", "cp"]
    command += ["--python-version", PYTHON, "--target", str(site), "--requirement", str(requirements)]
    for platform in PLATFORMS:
        command += ["--platform", platform]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise EnginePackagingError(f"the engine's dependencies cannot be installed:\n{done.stderr.strip()}")


# In a bare interpreter whose only packages are the zip's: every module of the engine that a function may load, and a
# real image through the backbone, which loads what onnxruntime loads late.
_IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
import gt_engine
SERVERS = ("gt_engine.main", "gt_engine.workers", "gt_engine.server", "gt_engine.connections")
for module in pkgutil.walk_packages(gt_engine.__path__, "gt_engine."):
    if module.name not in SERVERS:
        importlib.import_module(module.name)
import numpy
from gt_engine.autolabel.backbone import INPUT_SIDE, Backbone
Backbone()(numpy.zeros((1, INPUT_SIDE, INPUT_SIDE, 3), numpy.uint8))
outside = [m.__file__ for n, m in sys.modules.items() if "site-packages" in (getattr(m, "__file__", "") or "")]
assert not outside, outside
"""


def import_problems(path: Path) -> Iterator[str]:
    """What the zip lacks, on this interpreter; one of another version than the runtime's could load no library."""
    with TemporaryDirectory(prefix="gt-engine-zip-") as folder:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
        command = [sys.executable, "-I", "-S", "-c", _IMPORT_EVERYTHING, folder]
        environment = {"HOME": folder, "GT_ENGINE_CACHE": folder, "AWS_DEFAULT_REGION": "us-east-1"}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        yield f"the engine does not work from its zip alone:\n{done.stderr.strip()}"
