"""Rules that keep the house a house; each is checked on the source or in a fresh interpreter."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "fer_core").rglob("*.py"))
PAGES = [ROOT / "Home.py", *sorted((ROOT / "pages").glob("*.py"))]


def imports(path: Path) -> set[str]:
    """Top-level names of everything that a file imports, and `fer_core` modules in full."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {name if name.startswith("fer_core") else name.split(".")[0] for name in found}


def inside(path: Path, *folders: str) -> bool:
    return path.relative_to(ROOT / "fer_core").parts[0] in folders


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_layers(path):
    names = imports(path)
    if not inside(path, "ui"):
        assert "streamlit" not in names
        assert not any(name.startswith("fer_core.ui") for name in names)
    if not inside(path, "training", "commands", "cli.py"):
        assert not any(name.startswith("fer_core.training") for name in names)
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_pages_are_thin(path):
    assert not imports(path) & {"cv2", "numpy", "PIL", "tensorflow", "keras"}
    assert len(path.read_text().splitlines()) <= 120


@pytest.mark.parametrize(
    "statement",
    [
        "from fer_core import EmotionPipeline; EmotionPipeline.load()",
        "import fer_core.ui.image_results, fer_core.ui.loaders, fer_core.ui.uploads",
        "import fer_core.evaluation, fer_core.testing",
        "from fer_core.cli import main; assert main(['image', 'tests/data/astronaut.png']) == 0",
    ],
)
def test_tensorflow_is_not_loaded(statement):
    code = f"{statement}\nimport sys\nassert not {{'tensorflow', 'keras', 'torch', 'jax'}} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_no_import_circle():
    graph = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): imports(path)
        for path in MODULES
    }

    def reaches(start: str, goal: str, seen: set[str]) -> bool:
        for name in graph.get(start, ()):
            if name == goal:
                return True
            if name in graph and name not in seen:
                seen.add(name)
                if reaches(name, goal, seen):
                    return True
        return False

    assert [name for name in graph if reaches(name, name, set())] == []
