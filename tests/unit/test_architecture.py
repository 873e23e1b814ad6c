"""Rules that import-linter (`pyproject.toml`) cannot hold, checked on the source or in a fresh interpreter."""

import ast
import subprocess
import sys
import tomllib
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


def test_messages_that_float_over_a_page_stay_until_they_are_closed():
    """Nothing else says what they do, and four seconds are too short for who reads slowly or listens."""
    calls = [
        (path.name, node)
        for path in [*MODULES, *PAGES]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "toast"
    ]
    assert calls
    for name, call in calls:
        lasts = [given.value for given in call.keywords if given.arg == "duration"]
        assert [value.value for value in lasts if isinstance(value, ast.Constant)] == ["infinite"], name


def test_the_server_lets_go_of_what_no_uploader_shows_any_more():
    asked, through = set(), set()
    for path in [*MODULES, *PAGES]:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("file_uploader", "camera_input", "audio_input", "chat_input"):
                asked.add((path, node.lineno))
            elif name == "held":
                inner = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
                through |= {(path, each.lineno) for each in inner}
    assert len(asked) > 12 and asked <= through


OTHER_PACKAGES = {
    "diagnostics/benchmarks/pages.py": "playwright and a browser",
    "diagnostics/benchmarks/peers.py": "another project, in a Python of its own",
}
"""Modules that tell to install what is no extra."""


def test_what_is_missing_is_told_by_its_extra_in_one_wording():
    """A bare `face-value[NAME]` would be asked of an index of packages, where anybody may take that name."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named, telling = set(), set()
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "with_extra":
                named |= {each.value for each in node.args if isinstance(each, ast.Constant)}
            elif isinstance(node, ast.Constant) and "pip install" in str(node.value):
                telling.add(path.relative_to(ROOT / "fer_core").as_posix())
    assert len(named) > 9 and named <= extras.keys()
    assert telling == {"errors.py", *OTHER_PACKAGES}
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    assert [path.name for path in documents if "face-value[" in path.read_text(encoding="utf-8")] == []


WRITES_ITSELF = {
    "analysis/checkpoint.py": "only added to; a torn last line is left out when it is read",
    "batch/cluster.py": "a mark of one character, only added to",
    "batch/dataset.py": "only added to; a torn last line is left out when it is read",
    "classification/importing.py": "in a folder that takes its name in the end",
    "diagnostics/benchmarks/batches.py": "in a temporary folder",
    "diagnostics/benchmarks/peer_fer.py": "a pipe",
    "diagnostics/benchmarks/peers.py": "in a temporary folder",
    "diagnostics/benchmarks/video.py": "in a temporary folder",
    "file_lock.py": "a lock has no content",
    "library/queue.py": "in a folder that takes its name in the end",
    "library/store.py": "whole, and on the disk before its name is in the database",
    "media/encoding.py": "into the part that `until_complete` gives",
    "media/sound.py": "in a temporary folder",
    "native_stderr.py": "in memory, without a name",
    "service/job.py": "an upload, in a folder that counts only with its `job.json`",
    "training/publishing.py": "in a folder that takes its name in the end",
    "ui/models/own_data.py": "in memory",
    "ui/study/taking.py": "in a temporary folder",
    "ui/video/workspace.py": "in the visit's own folder",
    "whole_file.py": "is the way",
}
"""Modules that write files in another way than `whole_file`, and why nobody finds half of one."""


STORERS = {"to_csv", "to_parquet", "to_json", "savez", "savez_compressed", "imwrite"}
WRITERS = STORERS | {"open", "fdopen", "ZipFile", "write_text", "write_bytes", "copyfile"}


def writes(path: Path) -> list[str]:
    """Calls that write a file, except into the part that a `with whole_file(...)` around them gives."""
    tree = ast.parse(path.read_text())
    excused = {
        id(inner)
        for block in ast.walk(tree)
        if isinstance(block, ast.With) and "whole_file" in ast.dump(block.items[0])
        for inner in ast.walk(block)
    }
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or id(node) in excused:
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name not in WRITERS:
            continue
        said = ast.unparse(node)
        words = {str(each.value) for each in ast.walk(node) if isinstance(each, ast.Constant)}
        opens = name in ("open", "fdopen", "ZipFile") and any(
            set(word) & set("wax+") for word in words if len(word) < 4
        )
        stores = name in STORERS and node.args
        if name in ("write_text", "write_bytes", "copyfile") or ((opens or stores) and "buffer" not in said):
            found.append(f"{path.name}:{node.lineno} {said[:80]}")
    return found


def test_files_are_written_whole():
    """Results are there whole or as they were before, whenever the process is killed and the disk is full."""
    package = ROOT / "fer_core"
    found = {str(path.relative_to(package)): writes(path) for path in MODULES}
    assert {name: calls for name, calls in found.items() if calls and name not in WRITES_ITSELF} == {}
    assert [name for name in WRITES_ITSELF if not found[name] and name != "whole_file.py"] == []


def test_temporary_folders_are_swept():
    """A folder is made by `fer_core.temporary`, which removes what a kill left, or in such a folder (`dir=`)."""
    found = [
        f"{path.name}:{node.lineno}"
        for path in MODULES
        if "temp" in (text := path.read_text())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith(("mkdtemp", "TemporaryDirectory", "NamedTemporaryFile", "mkstemp"))
        and not any(word.arg == "dir" for word in node.keywords)
        and path.name != "temporary.py"
    ]
    assert found == []


def test_parts_of_a_page_that_are_drawn_alone_ask_at_the_door():
    """They are made by `fer_core.ui.shared.sign_in.fragment`, because their runs pass by `Home.py`."""
    paths = [*MODULES, *PAGES]
    assert [
        path.name for path in paths if "st.fragment(" in path.read_text() or "@st.fragment" in path.read_text()
    ] == ["sign_in.py"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_pages_are_thin(path):
    assert not imports(path) & {"cv2", "numpy", "PIL", "tensorflow", "keras"}
    assert len(path.read_text().splitlines()) <= 120


@pytest.mark.parametrize(
    "statement",
    [
        "from fer_core import EmotionPipeline; EmotionPipeline.load()",
        "import fer_core.ui.image.closely, fer_core.ui.image.downloads, fer_core.ui.shared.loaders",
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
        ("0_Start", {"pandas", "cv2", "av", "scipy", "matplotlib", "fpdf", "sqlalchemy", "aiortc"}),
        ("1_Image", {"scipy", "matplotlib", "fpdf", "sqlalchemy", "aiortc"}),
        ("2_Live", {"scipy", "matplotlib", "fpdf", "sqlalchemy"}),
        ("3_Video", {"scipy.stats", "matplotlib", "fpdf", "aiortc"}),
        ("4_Study", {"scipy.stats", "matplotlib", "fpdf", "aiortc"}),
        ("5_Models", {"scipy", "matplotlib", "fpdf", "sqlalchemy", "aiortc", "sklearn"}),
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


def test_the_first_picture_on_a_page_loads_nothing_that_only_studies_need():
    code = (
        "import sys\nfrom streamlit.testing.v1 import AppTest\n"
        "page = AppTest.from_file('pages/1_Image.py', default_timeout=60).run()\n"
        "page.file_uploader[0].upload('face.png', open(sys.argv[1], 'rb').read(), 'image/png').run()\n"
        "print(len(page.get('plotly_chart')), sorted({'scipy', 'scipy.stats', 'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "tests/data/astronaut.png"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "1 []", done.stderr[-500:]
