"""Rules that import-linter (`pyproject.toml`) cannot hold, checked on the source or in a fresh interpreter."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "fer_core").rglob("*.py"))
PAGES = [ROOT / "Home.py", *sorted((ROOT / "pages").glob("*.py"))]


def imports(path: Path) -> set[str]:
    """Top-level names of everything that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {name.split(".")[0] for name in found}


def test_modules_are_short():
    assert [str(path) for path in MODULES if len(path.read_text().splitlines()) > 400] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_pages_are_thin(path):
    assert not imports(path) & {"cv2", "numpy", "PIL", "tensorflow", "keras"}
    assert len(path.read_text().splitlines()) <= 120


@pytest.mark.parametrize(
    "statement",
    [
        "from fer_core import EmotionPipeline; EmotionPipeline.load()",
        "import fer_core.ui.image.results, fer_core.ui.shared.loaders, fer_core.ui.shared.uploads",
        "import fer_core.evaluation, fer_core.testing",
        "from fer_core.cli import main; assert main(['image', 'tests/data/astronaut.png']) == 0",
    ],
)
def test_tensorflow_is_not_loaded(statement):
    code = f"{statement}\nimport sys\nassert not {{'tensorflow', 'keras', 'torch', 'jax'}} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


SLOW = {"scipy", "pandas", "pyarrow", "plotly", "matplotlib", "fpdf", "av", "streamlit", "sqlalchemy", "sklearn"}
"""Packages that take a tenth of a second or more to import."""


@pytest.mark.parametrize(
    ("arguments", "further"),
    [
        (["--version"], {"cv2", "PIL", "ai_edge_litert"}),
        (["models", "list"], set()),
        (["image", "tests/data/astronaut.png", "--json", "-"], set()),
        (["self-test"], set()),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_quick_commands_load_nothing_slow(arguments, further):
    code = (
        f"import sys\nfrom fer_core.cli import main\ntry:\n    main({arguments})\nexcept SystemExit:\n    pass\n"
        f"print(sorted({SLOW | further} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout and done.stderr.splitlines()[-1] == "[]", done.stderr


@pytest.mark.parametrize(
    ("page", "slow"),
    [
        ("0_Start", {"cv2", "av", "scipy", "matplotlib", "fpdf", "sqlalchemy", "aiortc"}),
        ("1_Image", {"scipy", "matplotlib", "fpdf", "sqlalchemy", "aiortc"}),
        ("2_Live", {"scipy", "matplotlib", "fpdf", "sqlalchemy"}),
        ("3_Video", {"scipy.stats", "matplotlib", "fpdf", "aiortc"}),
        ("4_Study", {"scipy.stats", "matplotlib", "fpdf", "aiortc"}),
        ("5_Models", {"scipy", "matplotlib", "fpdf", "sqlalchemy", "aiortc"}),
    ],
)
def test_pages_import_nothing_slow_that_they_do_not_show(page, slow):
    names = [
        node.module
        for path in (ROOT / "Home.py", ROOT / "pages" / f"{page}.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
    ]
    code = f"import {', '.join(names)}, sys\nprint(sorted({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr[-500:]
