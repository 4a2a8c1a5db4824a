"""The wheel that a practice installs holds everything that the program reads from its own package."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
NO_CODE = {".py", ".pyc"}


def test_a_built_wheel_holds_every_file_of_the_package_and_starts_by_the_example_at_the_top(
    tmp_path: Path,
) -> None:
    tree = tmp_path / "tree"  # a copy: building leaves folders behind
    shutil.copytree(ROOT / "src", tree / "src", symlinks=True)
    for name in ("pyproject.toml", "README.md", "config.example.toml"):
        shutil.copy(ROOT / name, tree)
    build = "import setuptools.build_meta; setuptools.build_meta.build_wheel('wheel')"
    subprocess.run([sys.executable, "-c", build], cwd=tree, check=True, capture_output=True)
    (wheel,) = (tree / "wheel").glob("*.whl")
    packed = zipfile.ZipFile(wheel)

    package = ROOT / "src"
    files = {
        str(path.relative_to(package))
        for path in (package / "terminbenachrichtigung").rglob("*")
        if path.is_file() and path.suffix not in NO_CODE
    }
    assert files <= set(packed.namelist())
    # The package's example is a link to the one at the top; a wheel must hold the file itself.
    starter = packed.read("terminbenachrichtigung/config/config.example.toml")
    assert starter == (ROOT / "config.example.toml").read_bytes()
