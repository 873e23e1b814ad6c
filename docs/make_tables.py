"""Write the tables of documents that come from model cards, from code and from benchmarks. Run by `make tables`."""

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from fer_core.batch import manifest
from fer_core.classification import ModelCard, default_model, list_cards
from fer_core.classification.metrics import CardFigures
from fer_core.diagnostics.benchmarks import report
from fer_core.diagnostics.benchmarks import table as lines
from fer_core.diagnostics.benchmarks.growth import Curve
from fer_core.diagnostics.benchmarks.peers import PeerFigures
from fer_core.emotions import EMOTIONS
from fer_core.reports.tables import dictionary_markdown
from fer_core.settings import ServiceSettings, Settings

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = ROOT / "docs" / "benchmarks"
SPLIT = "PrivateTest"


def main() -> None:
    """Bring the documents up to date."""
    for name, tables in documents().items():
        path = ROOT / name
        path.write_text(with_tables(path.read_text(encoding="utf-8"), tables), encoding="utf-8")


def documents() -> dict[str, dict[str, str]]:
    """By document and marker, the tables as they have to be."""
    cards = sorted(list_cards(), key=lambda card: -_figures(card).accuracy)
    return {
        "README.md": {"models": models_table(cards)},
        "docs/reference.md": {"timeline": dictionary_markdown(), "settings": settings_table()},
        "docs/batch.md": {"manifest": manifest_table()},
        "docs/performance.md": performance(),
        "MODEL_CARD.md": {"models": models_table(cards), "classes": classes_table(cards), "files": files_table(cards)},
    }


def with_tables(text: str, tables: dict[str, str]) -> str:
    """The text with everything between `<!-- NAME -->` and `<!-- /NAME -->` replaced."""
    for name, table in tables.items():
        before, rest = text.split(f"<!-- {name} -->\n")
        _, after = rest.split(f"<!-- /{name} -->")
        text = f"{before}<!-- {name} -->\n{table}\n<!-- /{name} -->{after}"
    return text


def performance(folder: Path = BENCHMARKS) -> dict[str, str]:
    """What the newest files of `bench --out` say, of each table the newest that measured it whole."""
    paths = report.newest_first(folder)
    if not paths:
        raise SystemExit("docs/benchmarks holds no benchmark: `python -m fer_core bench --out docs/benchmarks`")
    reports = {path: report.read(path) for path in paths}

    def newest(is_measured: Callable[[report.Report], object]) -> Path:
        return next((path for path, found in reports.items() if is_measured(found)), paths[0])

    def is_whole(found: report.Report) -> bool:
        return bool(found.figures.table) and not found.settings.get("only") and not found.settings.get("left_out")

    whole = newest(is_whole)
    if not is_whole(reports[whole]):
        raise SystemExit("docs/benchmarks holds no whole run: `python -m fer_core bench --out docs/benchmarks`")
    against = newest(lambda found: found.figures.against)
    growth = newest(lambda found: found.figures.growth)
    return {
        "conditions": _conditions(reports, whole),
        "bars": report.bars_markdown(reports[whole], list(reports.values())),
        "bench": lines.markdown(reports[whole].figures.table),
        "growth": _elsewhere(reports, growth, whole) + _growth(reports[growth].figures.growth, growth),
        "against": _elsewhere(reports, against, whole) + _against(reports[against].figures.against),
    }


def _conditions(reports: Mapping[Path, report.Report], path: Path) -> str:
    link = f"Everything: [`docs/benchmarks/{path.name}`](benchmarks/{path.name})."
    return f"{report.conditions(reports[path])} {link}"


def _elsewhere(reports: Mapping[Path, report.Report], path: Path, whole: Path) -> str:
    """The conditions of a table that is of another run than the first one."""
    return "" if path == whole else f"{_conditions(reports, path)}\n\n"


def _against(figures: PeerFigures | None) -> str:
    return lines.peer_markdown(figures) if figures else "Not measured in that run."


def _growth(curves: Sequence[Curve] | None, path: Path) -> str:
    if not curves:
        return "Not measured in that run."
    return f"![How cost grows](benchmarks/{path.with_suffix('.svg').name})\n\n{lines.growth_markdown(curves)}"


def models_table(cards: list[ModelCard]) -> str:
    """What was measured of each model."""
    default = default_model()
    rows = [
        "| model | accuracy (95 % interval) | without copies (95 % interval) | macro F1 | ECE | FER+ majority "
        "| parameters |",
        "|---|---|---|---|---|---|---|",
    ]
    for card in cards:
        figures = _figures(card)
        low, high = figures.accuracy_ci95
        low_without, high_without = figures.accuracy_deduplicated_ci95
        name = f"`{card.name}`" + (", the default" if card.name == default else "")
        rows.append(
            f"| {name} | {figures.accuracy:.1%} ({low:.1%} to {high:.1%}) | "
            f"{figures.accuracy_deduplicated:.1%} ({low_without:.1%} to {high_without:.1%}) | "
            f"{figures.macro_f1:.3f} | {figures.ece:.3f} | "
            f"{figures.ferplus.accuracy:.1%} | {card.parameters / 1e6:.1f} M |"
        )
    return "\n".join(rows)


def classes_table(cards: list[ModelCard]) -> str:
    """Recall by class."""
    support = _figures(cards[0]).per_class
    rows = ["| recall | " + " | ".join(f"{name} ({support[name].support})" for name in EMOTIONS) + " |"]
    rows.append("|---" * (len(EMOTIONS) + 1) + "|")
    for card in cards:
        recalls = (f"{_figures(card).per_class[name].recall:.0%}" for name in EMOTIONS)
        rows.append(f"| `{card.name}` | " + " | ".join(recalls) + " |")
    return "\n".join(rows)


def files_table(cards: list[ModelCard]) -> str:
    """What lies in the models' folders."""
    rows = ["| file | size | SHA-256 |", "|---|---|---|"]
    rows += [
        f"| `models/{card.name}/{name}` | {record.bytes / 1e6:.1f} MB | `{record.sha256[:16]}…` |"
        for card in cards
        for name, record in sorted(card.files.items())
    ]
    return "\n".join(rows)


def manifest_table() -> str:
    """The columns of a batch's manifest."""
    rows = ["| column | meaning | unit |", "|---|---|---|"]
    rows += [f"| `{name}` | {column.meaning} | {column.unit} |" for name, column in manifest.COLUMNS.items()]
    return "\n".join(rows)


def settings_table() -> str:
    """Every environment variable, as the settings describe it."""
    rows = ["| environment variable | what it does |", "|---|---|"]
    rows += [
        f"| `{kind.model_fields[name].validation_alias}` | {description} |"
        for kind in (Settings, ServiceSettings)
        for name, description in _described(kind).items()
    ]
    return "\n".join(rows)


def _described(kind: type) -> dict[str, str]:
    """The text below each attribute of a class, on one line."""
    [made] = ast.parse(inspect.getsource(kind)).body
    assert isinstance(made, ast.ClassDef)
    return {
        attribute.target.id: " ".join(text.value.value.split())
        for attribute, text in pairwise(made.body)
        if isinstance(attribute, ast.AnnAssign) and isinstance(text, ast.Expr)
    }


def _figures(card: ModelCard) -> CardFigures:
    return card.metrics[SPLIT]


if __name__ == "__main__":
    main()
