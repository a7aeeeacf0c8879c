"""Builds what CloudFormation deploys: the Lambda zip and the template, in one of two forms.

* `local`: the functions run in this interpreter's environment (the local stack's Lambda), so the zip holds only our
  own code. About a second.
* `production`: the zip holds every dependency, built for Lambda by Python 3.12 or later, then made smaller and checked.

Both come from `chalice package --merge-template .chalice/infrastructure.yaml`: the same app, the same template.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from gt_cli import engine_package
from gt_service.errors import GtServiceError

PACKAGES = Path(__file__).resolve().parents[1]
INSTALLED = PurePosixPath("share/gt-service")
CHALICE_STAGE = "service"  # installations differ by template parameters; .chalice/config.json knows one stage
OLDEST_PRODUCTION_PYTHON = (3, 12)

# Lambda's and CloudFormation's quotas.
LARGEST_UNZIPPED_BYTES = 250 * 1024 * 1024
LARGEST_TEMPLATE_BYTES = 1024 * 1024
MOST_RESOURCES = 500
MOST_PARAMETERS = 200
MOST_OUTPUTS = 200
LARGEST_ROLE_POLICIES = 10_240  # characters of all inline policies of a role, blanks aside
LARGEST_ENVIRONMENT_BYTES = 4096

FOREIGN_PACKAGES = ("gt_engine", "gt_cli", "tests", "onnxruntime", "ministack")
# The services that the functions call; botocore ships the models of some four hundred.
BOTOCORE_SERVICES = ("cloudwatch", "dynamodb", "events", "logs", "s3", "sagemaker", "sns", "sqs", "ssm", "sts")

# imagehash asks for all of scipy and PyWavelets; its `phash`, the only part of it that runs, calls scipy's cosine
# transform, which needs these and what is private to scipy.
SCIPY_PARTS = ("fft", "fftpack", "linalg", "special")


class PackagingError(GtServiceError):
    """The package could not be built, or is not fit to be deployed."""

    code = "packaging_failed"


@dataclass(frozen=True)
class Package:
    """A template (JSON, resources' `CodeUri` still local) and the zip that its functions run."""

    template: Path
    zip: Path
    engine_zip: Path | None = None
    """What the engine's functions run, where the engine has no server."""

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.template.read_text("utf-8"))
        return body


def build(
    destination: Path,
    *,
    production: bool = False,
    with_engine: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Package:
    """Builds a package into `destination` (`template.json` and `deployment.zip`; with the engine also `engine.zip`).

    Errors: PackagingError.
    """
    if production and sys.version_info < OLDEST_PRODUCTION_PYTHON:
        raise PackagingError(
            f"the Lambda package must be built by Python 3.12 or later, and this is {sys.version.split()[0]}: "
            "on 3.11 Chalice leaves numpy out with no more than a warning",
            remedy="Run `make package PYTHON=python3.12 VENV=.venv-3.12` (any later Python will do).",
        )
    destination = destination.resolve()  # Chalice runs in another folder
    staging = destination / "app"
    _stage(staging, dependencies=production)
    _run_chalice(staging, destination / "chalice")
    engine_zip = destination / "engine.zip" if with_engine else None
    package = Package(destination / "template.json", destination / "deployment.zip", engine_zip)
    template = yaml.safe_load((destination / "chalice" / "sam.yaml").read_text("utf-8"))
    if engine_zip is not None:
        template = engine_package.merged(template)
        engine_package.build(engine_zip, _project(), dependencies=production)
    # As JSON: the YAML that Chalice writes may hold aliases, which CloudFormation does not read.
    package.template.write_text(json.dumps(template, indent=1), "utf-8")
    if production:
        shrink(destination / "chalice" / "deployment.zip", package.zip)
        check(package, say=say)
    else:
        shutil.copyfile(destination / "chalice" / "deployment.zip", package.zip)
    return package


def _stage(staging: Path, *, dependencies: bool) -> None:
    """Lays out the project as Chalice reads it: our code, the configuration, and the requirements or none."""
    shutil.rmtree(staging, ignore_errors=True)
    project = _project()
    no_caches = shutil.ignore_patterns("__pycache__", "*.pyc", "deployments", "deployed")
    shutil.copytree(PACKAGES / "chalicelib", staging / "chalicelib", ignore=no_caches)
    shutil.copytree(PACKAGES / "gt_service", staging / "vendor" / "gt_service", ignore=no_caches)
    shutil.copytree(project / ".chalice", staging / ".chalice", ignore=no_caches)
    shutil.copyfile(project / "app.py", staging / "app.py")
    requirements = (project / "requirements.txt").read_text("utf-8") if dependencies else ""
    (staging / "requirements.txt").write_text(requirements, "utf-8")


def _project() -> Path:
    """Where app.py and .chalice are: beside the packages in a checkout, among the data of an installed package."""
    if (PACKAGES / "app.py").exists():
        return PACKAGES
    for file in metadata.files("gt-service") or ():
        if file.name == "app.py" and PurePosixPath(*file.parts[-3:-1]) == INSTALLED:
            return Path(str(file.locate())).resolve().parent
    raise PackagingError("app.py is missing from this installation", remedy="Install gt-service anew.")


def _run_chalice(project: Path, out: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-c", "from chalice.cli import main; main()", "package", "--stage", CHALICE_STAGE]
    command += ["--merge-template", str(project / ".chalice" / "infrastructure.yaml"), str(out)]
    # Chalice wants a region and imports app.py; neither may reach a real account.
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)  # noqa: S603
    printed = done.stdout + done.stderr
    if done.returncode or not (out / "sam.yaml").exists():  # some of Chalice's failures end with status 0
        raise PackagingError(f"chalice package failed:\n{printed.strip()}")
    if "Could not install dependencies" in printed:
        raise PackagingError(f"chalice left dependencies out:\n{printed.strip()}")


def shrink(source: Path, target: Path) -> None:
    """Copies the zip without what no function can use: tests, and the models of services that nobody calls."""
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.infolist():
            if not is_ballast(entry.filename):
                after.writestr(entry, before.read(entry), zipfile.ZIP_DEFLATED)


def is_ballast(name: str) -> bool:
    """Whether an entry of the zip is of no use in Lambda."""
    path = PurePosixPath(name)
    if path.parts[:2] == ("botocore", "data") and len(path.parts) > 3:
        return path.parts[2] not in BOTOCORE_SERVICES
    if path.parts[0] == "scipy" and len(path.parts) > 2:
        # Those with an underscore are scipy's own, and others with every release.
        return not path.parts[1].startswith(("_", *SCIPY_PARTS)) or "tests" in path.parts
    if path.parts[0] == "pywt":
        return True
    return "tests" in path.parts[1:-1] or path.suffix in (".pyi", ".pyx", ".pxd", ".h")


def check(package: Package, *, say: Callable[[str], None] = lambda _: None) -> None:
    """Fails unless the package can be deployed and every handler can be imported from the zip alone."""
    problems = [*template_problems(package.body(), package.template.stat().st_size), *zip_problems(package.zip)]
    problems += lint_problems(package.template)
    if package.engine_zip is not None:
        problems += size_problems(package.engine_zip)
    if not problems:
        problems += _import_problems(package)
        if package.engine_zip is not None:
            problems += engine_package.import_problems(package.engine_zip)
    if problems:
        raise PackagingError("the package is not fit to be deployed:\n" + "\n".join(f"* {p}" for p in problems))
    for path in (package.zip, package.engine_zip):
        if path is not None:
            say(
                f"{path}: {path.stat().st_size / 1e6:.1f} MB zipped, {_unzipped_bytes(path) / 1e6:.1f} MB unzipped; "
                "every handler imports from it alone; cfn-lint is clean"
            )


def template_problems(template: Mapping[str, Any], size: int) -> Iterator[str]:
    """What keeps a template of `size` bytes from being deployed, by CloudFormation's and Lambda's quotas."""
    for section, most in (("Resources", MOST_RESOURCES), ("Parameters", MOST_PARAMETERS), ("Outputs", MOST_OUTPUTS)):
        if len(template.get(section, {})) > most:
            yield f"the template has {len(template[section])} {section.lower()}; CloudFormation takes {most}"
    if size > LARGEST_TEMPLATE_BYTES:
        yield f"the template has {size:,} bytes; CloudFormation takes {LARGEST_TEMPLATE_BYTES:,}"
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::IAM::Role":
            length = sum(len(json.dumps(p["PolicyDocument"]).replace(" ", "")) for p in properties.get("Policies", ()))
            if length > LARGEST_ROLE_POLICIES:
                yield f"the policies of {name} have {length:,} characters; IAM takes {LARGEST_ROLE_POLICIES:,}"
    variables = template.get("Globals", {}).get("Function", {}).get("Environment", {}).get("Variables", {})
    if len(json.dumps(variables)) > LARGEST_ENVIRONMENT_BYTES:
        yield f"the functions' environment is larger than Lambda's {LARGEST_ENVIRONMENT_BYTES:,} bytes"


def zip_problems(path: Path) -> Iterator[str]:
    """What keeps a zip from being a good Lambda package."""
    yield from size_problems(path)
    with zipfile.ZipFile(path) as archive:
        yield from content_problems(archive.namelist())


def size_problems(path: Path) -> Iterator[str]:
    """What keeps Lambda from taking a zip."""
    unzipped = _unzipped_bytes(path)
    if unzipped >= LARGEST_UNZIPPED_BYTES:
        yield f"{path.name} unpacks to {unzipped / 1e6:.0f} MB; Lambda takes {LARGEST_UNZIPPED_BYTES / 1e6:.0f}"


def _unzipped_bytes(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def content_problems(names: Iterable[str]) -> Iterator[str]:
    """What does not belong in the zip, and what is in it twice or not at all."""
    files = [PurePosixPath(name) for name in names]
    top = {path.parts[0] for path in files}
    for package in FOREIGN_PACKAGES:
        if package in top:
            yield f"{package} is in the zip, and no function needs it"
    # scipy has adapters named after the libraries that it adapts to.
    homes = Counter(path.parent.name for path in files if path.name == "__init__.py" and path.parts[0] != "scipy")
    for package in ("botocore", "gt_service", "numpy"):
        if homes[package] != 1:
            yield f"{package} is in the zip {homes[package]} times, not once"
    if PurePosixPath("app.py") not in files:
        yield "app.py is not in the zip"


def lint_problems(template: Path) -> list[str]:
    lint = "from cfnlint.runner import main; main()"
    command = [sys.executable, "-c", lint, "--regions", "us-east-1", "--", str(template)]
    done = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    return [f"cfn-lint: {done.stdout.strip()}{done.stderr.strip()}"] if done.returncode else []


# Runs in a bare interpreter whose only packages are the zip's. Imports every module of ours, so that imports inside
# functions are covered as well.
_IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
import imagehash, matplotlib.figure, numpy, pynamodb.models, scipy.fftpack
imagehash.phash(imagehash.Image.new('L', (64, 64)))
for name in ("chalicelib", "gt_service"):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(module.name)
for handler in sys.argv[2:]:
    module, _, attribute = handler.rpartition(".")
    getattr(importlib.import_module(module), attribute)
outside = [m.__file__ for n, m in sys.modules.items() if "site-packages" in (getattr(m, "__file__", "") or "")]
assert not outside, outside
"""


def _import_problems(package: Package) -> Iterator[str]:
    functions = [
        r["Properties"] for r in package.body()["Resources"].values() if r["Type"] == "AWS::Serverless::Function"
    ]
    settings = package.body()["Globals"]["Function"]["Environment"]["Variables"]
    with TemporaryDirectory(prefix="gt-service-zip-") as unpacked:
        with zipfile.ZipFile(package.zip) as archive:
            archive.extractall(unpacked)
        # No sitecustomize, no site-packages, no PYTHONPATH: the zip alone.
        command = [sys.executable, "-I", "-S", "-c", _IMPORT_EVERYTHING, unpacked]
        command += sorted({function["Handler"] for function in functions})
        environment = dict.fromkeys(settings, "unset") | {"AWS_DEFAULT_REGION": "us-east-1", "HOME": unpacked}
        environment |= {"MPLCONFIGDIR": unpacked, "POWERTOOLS_LOG_LEVEL": "INFO"}
        environment.pop("AWS_ENDPOINT_URL_SAGEMAKER", None)
        done = subprocess.run(command, cwd=unpacked, env=environment, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        yield f"a handler does not import from the zip alone:\n{done.stderr.strip()}"
