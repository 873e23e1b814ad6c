"""Rules that import-linter (`pyproject.toml`) cannot hold, checked on the source or in a fresh interpreter."""

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "fer_core").rglob("*.py"))
PAGES = [ROOT / "Home.py", *sorted((ROOT / "pages").glob("*.py"))]


def nodes(path: Path, *words: str) -> Iterator[ast.AST]:
    """All nodes of a file that has one of these words; none of others, so that not every file is parsed."""
    text = path.read_text()
    return ast.walk(ast.parse(text)) if any(word in text for word in words) else iter(())


def imports(path: Path) -> set[str]:
    """Top-level names of everything that a file imports."""
    found = set()
    for node in nodes(path, "import"):
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
    askers = ("file_uploader", "camera_input", "audio_input", "chat_input")
    for path in [*MODULES, *PAGES]:
        for node in nodes(path, *askers, "held"):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in askers:
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
        for node in nodes(path, "with_extra", "pip"):
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
    tree = [*nodes(path, *WRITERS)]
    excused = {
        id(inner)
        for block in tree
        if isinstance(block, ast.With) and "whole_file" in ast.dump(block.items[0])
        for inner in ast.walk(block)
    }
    found = []
    for node in tree:
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
        for node in nodes(path, "temp", "Temp")
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


FOR_TRAINING = {"tensorflow", "keras", "torch", "jax"}


def test_tensorflow_is_not_loaded():
    code = f"import fer_core.evaluation, fer_core.testing, sys\nassert not {FOR_TRAINING} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


SLOW = FOR_TRAINING | {"scipy", "pandas", "pyarrow", "plotly", "matplotlib", "fpdf", "av", "streamlit"}
SLOW |= {"sqlalchemy", "sklearn"}
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


NOT_SHOWN = {
    "0_Start": {"pandas", "cv2", "av", "scipy", "matplotlib", "fpdf", "sqlalchemy", "aiortc"},
    "2_Live": {"scipy", "matplotlib", "fpdf", "sqlalchemy"},
    "3_Video": {"scipy.stats", "matplotlib", "fpdf", "aiortc"},
    "4_Study": {"scipy.stats", "matplotlib", "fpdf", "aiortc"},
    "5_Models": {"scipy", "matplotlib", "fpdf", "sqlalchemy", "aiortc", "sklearn"},
}
"""Slow packages that a page does not need at first; for `1_Image` see the test of its first picture."""


def loaded_with(*pages: str) -> dict[str, set[str]]:
    """By page, the modules that are loaded with it: in copies of one interpreter, which has what all share already."""
    code = (
        "import importlib, json, os, sys\n"
        "shared, pages = json.loads(sys.argv[1])\n"
        "[importlib.import_module(name) for name in shared]\n"
        "for page, names in pages.items():\n"
        "    if len(pages) > 1 and (copy := os.fork()):\n"
        "        os.waitpid(copy, 0)\n"
        "        continue\n"
        "    [importlib.import_module(name) for name in names]\n"
        "    print(json.dumps([page, list(sys.modules)]), flush=True)\n"
        "    os._exit(0)\n"
    )
    shared, *own = (
        [node.module for node in nodes(path, "import") if isinstance(node, ast.ImportFrom)]
        for path in (ROOT / "Home.py", *(ROOT / "pages" / f"{page}.py" for page in pages))
    )
    given = json.dumps([shared, dict(zip(pages, own, strict=True))])
    done = subprocess.run([sys.executable, "-c", code, given], cwd=ROOT, capture_output=True, text=True, timeout=300)
    found = {page: set(modules) for page, modules in map(json.loads, done.stdout.splitlines())}
    assert found.keys() == set(pages), done.stderr[-500:]
    return found


def test_pages_import_nothing_slow_that_they_do_not_show():
    assert {path.stem for path in PAGES[1:]} == {*NOT_SHOWN, "1_Image"}
    each = [(*NOT_SHOWN,)] if sys.platform == "linux" else [(page,) for page in NOT_SHOWN]  # others copy no interpreter
    loaded = {page: modules for pages in each for page, modules in loaded_with(*pages).items()}
    found = {page: (slow | FOR_TRAINING) & loaded[page] for page, slow in NOT_SHOWN.items()}
    assert not any(found.values()), found


def test_the_first_picture_on_a_page_loads_nothing_that_it_does_not_need():
    others = FOR_TRAINING | {"scipy", "scipy.stats", "sqlalchemy", "matplotlib", "fpdf", "aiortc"}
    code = (
        "import sys\nfrom streamlit.testing.v1 import AppTest\n"
        "page = AppTest.from_file('pages/1_Image.py', default_timeout=60).run()\n"
        "page.file_uploader[0].upload('face.png', open(sys.argv[1], 'rb').read(), 'image/png').run()\n"
        f"print(len(page.get('plotly_chart')), sorted({others} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "tests/data/astronaut.png"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "1 []", done.stderr[-500:]
