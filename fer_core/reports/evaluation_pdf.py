"""The PDF of an evaluation on somebody's own faces."""

import platform
from collections.abc import Mapping
from datetime import date
from typing import Final

from fer_core.classification.cards import ModelCard
from fer_core.emotions import EMOTIONS
from fer_core.evaluation.figures import ModelFigures
from fer_core.evaluation.own_faces import OwnEvaluation
from fer_core.evaluation.ranking import short_titles
from fer_core.evaluation.significance import compare_models
from fer_core.evaluation.slices import gap_in_words
from fer_core.notice import PURPOSE
from fer_core.reports.evaluation_charts import confusion_chart, reliability_chart
from fer_core.reports.evaluations import errors_table
from fer_core.reports.pdf_page import QUIET, Document
from fer_core.version import __version__

MOST_ERRORS: Final = 40
MOST_SKIPPED: Final = 40

_METHODS: Final = (
    "Every model read every face once. Accuracy is the share of faces whose label was the most probable emotion; its "
    "interval is Wilson's, that of macro F1 a bootstrap over faces. Means over classes are over those that occur among "
    "the labels; a dash stands where there is no face of an emotion, or for its precision no reading as it. "
    "ECE is the mean distance of confidence and accuracy over 15 bins of equal mass; in brackets, what a perfectly "
    "calibrated model would show on so many faces by luck alone (median of 1,000 draws). An ECE near that shows no "
    "error of calibration.",
    "Models were compared on the same faces by McNemar's exact test, corrected by Holm's method for the number of "
    "pairs. The interval of a difference is of the pair by itself, not corrected: from Wilson's of the share of faces "
    "that one model alone reads right and Clopper and Pearson's of how many of these are the one's.",
    "Faces are taken as independent. Several pictures of one person make every interval too narrow.",
    "The models of this project learnt from FER2013 (Goodfellow et al., 2013) and FER+ (Barsoum et al., 2016), others "
    "from what their cards name. Whether pictures of this set are among those is not known here; if they are, every "
    "figure is too good.",
)


def evaluation_report(evaluation: OwnEvaluation, cards: Mapping[str, ModelCard], made_on: date) -> bytes:
    """The report as a PDF file.

    Args:
        evaluation: what was measured.
        cards: of the models, by name.
        made_on: the date that the report bears.
    """
    titles = short_titles(cards.values())
    written = [evaluation.source, *evaluation.files, *(entry["file"] for entry in evaluation.result["skipped"])]
    for figures in evaluation.result["models"].values():
        for attribute, found in figures["slices"]["attributes"].items() if "slices" in figures else ():
            written += [attribute, *found["slices"]]
    page = Document(f"Evaluation: {evaluation.source}", evaluation.source, made_on, written)
    page.set_subject("Facial expression models measured on labelled faces")
    page.set_keywords("facial expression recognition, evaluation, accuracy, calibration")
    _add_cover(page, evaluation, cards, titles, made_on)
    for name, figures in evaluation.result["models"].items():
        _add_model(page, titles.get(name, name), figures)
        _add_groups(page, figures)
        _add_robustness(page, figures)
        _add_errors(page, evaluation, name)
    _add_skipped(page, evaluation)
    page.chapter("How it was measured", 70)
    for paragraph in (*_METHODS, *_protocols(evaluation)):
        page.paragraph(paragraph)
    return bytes(page.output())


def _protocols(evaluation: OwnEvaluation) -> list[str]:
    """How groups and robustness were measured, where they were, and what the report has no chart of."""
    figures = next(iter(evaluation.result["models"].values()))
    measured = [figures[part]["protocol"] for part in ("slices", "robustness") if part in figures]
    return [*measured, "ROC, precision and recall, and coverage by confidence are in the JSON."]


def _add_cover(
    page: Document,
    evaluation: OwnEvaluation,
    cards: Mapping[str, ModelCard],
    titles: Mapping[str, str],
    made_on: date,
) -> None:
    models = sorted(evaluation.result["models"].items(), key=lambda entry: -entry[1]["accuracy"])
    page.add_page()
    page.start_section("Result")
    page.masthead("Evaluation report", evaluation.source, made_on)
    page.tiles(
        [
            (f"{len(evaluation.files):,}", "labelled faces"),
            (str(len(models)), "model" if len(models) == 1 else "models"),
            (f"{models[0][1]['accuracy']:.1%}", "right, best model"),
            (f"{len(evaluation.result['skipped']):,}", "files left out"),
        ]
    )
    page.panel("What this report is not", PURPOSE)
    page.heading("Result")
    page.rows(
        ["Model", "Accuracy", "95 % interval", "Macro F1", "Balanced", "ECE (if perfect)", "NLL", "Brier", "ms a face"],
        [_figures_row(titles.get(name, name), figures) for name, figures in models],
        [36, 17, 27, 17, 17, 24, 13, 13, 13],
    )
    pairs = compare_models(
        {titles.get(name, name): predictions for name, predictions in evaluation.predictions.items()}
    )
    if pairs:
        page.heading("Is the difference real?")
        page.bullets([pair.sentence() for pair in pairs])
    page.heading("What it can be checked by")
    page.codes(
        [
            (f"{name}/{file}", record.sha256)
            for model in evaluation.result["models"]
            for name in (model, *cards[model].members)
            for file, record in cards[name].files.items()
            if file.startswith("model.")
        ]
    )
    page.paragraph(f"Face Value {__version__} · Python {platform.python_version()}", QUIET, 7)


def _figures_row(title: str, figures: ModelFigures) -> list[str]:
    low, high = figures["accuracy_ci95"]
    return [
        title,
        f"{figures['accuracy']:.1%}",
        f"{low:.1%} – {high:.1%}",
        f"{figures['macro_f1']:.3f}",
        f"{figures['balanced_accuracy']:.1%}",
        _ece(figures),
        *(f"{figures[name]:.3f}" for name in ("nll", "brier")),
        f"{figures['latency_ms']:.1f}",
    ]


def _ece(figures: ModelFigures) -> str:
    return f"{figures['ece']:.3f} ({figures['ece_if_calibrated']:.3f})"


def _add_model(page: Document, title: str, figures: ModelFigures) -> None:
    page.chapter(title)
    page.heading("What is read as what", 95)
    page.paragraph("Faces by label and reading; the bluer, the larger a share of the row.", QUIET, 7.5)
    page.chart(
        confusion_chart(figures["confusion"], 150, 88),
        f"Confusion matrix of {title}: " + "; ".join(_rows_in_words(figures["confusion"])),
    )
    page.heading("By emotion", 60)
    page.rows(
        ["Emotion", "Faces", "Precision", "Recall", "F1", "AUC"],
        [_class_row(emotion, figures) for emotion in EMOTIONS],
        [40, 22, 26, 26, 26, 26],
    )
    page.heading("Is 70 % right seven times in ten?", 75)
    page.chart(
        reliability_chart(figures["curves"]["reliability"], 150, 64),
        f"Accuracy against stated confidence of {title}; calibration error (if perfect) {_ece(figures)}",
    )


def _class_row(emotion: str, figures: ModelFigures) -> list[str]:
    """Figures of an emotion; a dash for what cannot be known without a face of it, or without a reading as it."""
    entry, place = figures["per_class"][emotion], EMOTIONS.index(emotion)
    read = sum(row[place] for row in figures["confusion"])
    known = {
        "precision": entry["support"] and read,
        "recall": entry["support"],
        "f1": entry["support"],
        "auc": entry["auc"] is not None,
    }
    return [
        emotion,
        f"{entry['support']:,}",
        *(f"{entry[name]:.3f}" if there else "–" for name, there in known.items()),  # type: ignore[literal-required]
    ]


def _rows_in_words(table: list[list[int]]) -> list[str]:
    """The share found of each emotion of which there are faces."""
    return [f"{EMOTIONS[place]} found {row[place] / sum(row):.0%}" for place, row in enumerate(table) if sum(row)]


def _add_groups(page: Document, figures: ModelFigures) -> None:
    if "slices" not in figures:
        return
    for attribute, found in figures["slices"]["attributes"].items():
        page.heading(f"By {attribute}", 40)
        page.rows(
            ["Group", "Faces", "Accuracy", "95 % interval", "Macro F1"],
            [
                [
                    value,
                    f"{entry['n']:,}",
                    f"{entry['accuracy']:.1%}",
                    "{:.1%} – {:.1%}".format(*entry["accuracy_ci95"]),
                    f"{entry['macro_f1']:.3f}",
                ]
                for value, entry in found["slices"].items()
            ],
            [70, 22, 26, 34, 22],
        )
        page.paragraph(gap_in_words(attribute, found))


def _add_robustness(page: Document, figures: ModelFigures) -> None:
    if "robustness" not in figures:
        return
    kinds = figures["robustness"]["kinds"]
    levels = len(next(iter(kinds.values()))["accuracy"])
    page.heading("Made worse", 60)
    page.paragraph("Accuracy on faces as they are and at five severities, the mildest first.", QUIET, 7.5)
    page.rows(
        ["By", "as they are", *map(str, range(1, levels))],
        [[kind, *(f"{accuracy:.1%}" for accuracy in found["accuracy"])] for kind, found in kinds.items()],
        [54, *[20] * levels],
    )


def _add_errors(page: Document, evaluation: OwnEvaluation, name: str) -> None:
    wrong = errors_table(evaluation, name)
    if wrong.empty:
        return
    page.heading("Errors", 40)
    shown = min(MOST_ERRORS, len(wrong))
    page.paragraph(f"The {shown:,} surest of {len(wrong):,}; the CSV has all.", QUIET, 7.5)
    page.rows(
        ["File", "Label", "Read as", "Confidence"],
        [
            [row["File"], row["Label"], row["Read as"], f"{row['Confidence']:.0%}"]
            for _, row in wrong.head(MOST_ERRORS).iterrows()
        ],
        [98, 24, 24, 24],
    )


def _add_skipped(page: Document, evaluation: OwnEvaluation) -> None:
    skipped = evaluation.result["skipped"]
    if not skipped:
        return
    page.chapter("Files left out", 50)
    if len(skipped) > MOST_SKIPPED:
        page.paragraph(f"The first {MOST_SKIPPED} of {len(skipped):,}; the JSON has all.", QUIET, 7.5)
    page.rows(
        ["File", "Reason"],
        [[entry["file"], entry["reason"]] for entry in skipped[:MOST_SKIPPED]],
        [70, 104],
        numbers_from=2,
    )
