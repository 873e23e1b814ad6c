"""The results of an evaluation on the visitor's own faces."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from fer_core.charts import confusion, model_curves
from fer_core.charts.looks import Look
from fer_core.classification import ModelCard
from fer_core.emotions import EMOTIONS
from fer_core.evaluation.figures import ModelFigures
from fer_core.evaluation.own_faces import OwnEvaluation
from fer_core.evaluation.predictions import Predictions
from fer_core.evaluation.significance import compare_models
from fer_core.evaluation.slices import gap_in_words
from fer_core.reports.evaluations import as_csv, as_json, errors_table, skipped_table
from fer_core.ui.models import records as models_records
from fer_core.ui.models.parts import IF_PERFECT, IF_PERFECT_HELP, beside
from fer_core.ui.shared.charts import show_figure
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.theme import ink


def show(evaluation: OwnEvaluation, cards: Mapping[str, ModelCard]) -> None:
    """Headline, downloads, then the parts."""
    titles, looks = models_records.titles_and_looks()
    models = {titles.get(name, name): figures for name, figures in evaluation.result["models"].items()}
    skipped = evaluation.result["skipped"]
    st.markdown(
        f"#### {plain(evaluation.source)}: {_count(len(evaluation.files), 'face')}"
        + (f", {_count(len(skipped), 'file')} left out" if skipped else "")
    )
    _downloads(evaluation, cards)
    _table(models)
    _comparisons({titles.get(name, name): predictions for name, predictions in evaluation.predictions.items()})
    by_model = {title: figures["per_class"] for title, figures in models.items()}
    st.markdown("##### By emotion (F1)")
    show_figure(
        confusion.class_bars(by_model, looks, "f1"),
        "own classes",
        confusion.describe_classes(by_model, "f1"),
        name="own data F1 by emotion",
    )
    st.markdown("##### Confusion, percent of each row")
    for title, place in beside(models):
        with place:
            table = models[title]["confusion"]
            st.markdown(f"**{plain(title)}**")
            words = confusion.describe_confusion(title, table)
            show_figure(
                confusion.confusion_shares(table, ink()),
                f"own confusion {title}",
                words,
                name=f"own data {title} confusion",
            )
    _curves(models, looks, {titles[name]: card.uncertain_below for name, card in cards.items()})
    _robustness(models, looks)
    _slices(models)
    _errors(evaluation, titles)


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def _comparisons(predictions: Mapping[str, Predictions]) -> None:
    """Of the most accurate model with the others; all other pairs on request."""
    if len(predictions) < 2:
        return
    best = max(predictions, key=lambda title: predictions[title].right.mean())
    lines: dict[bool, list[str]] = {True: [], False: []}
    for pair in compare_models(predictions):
        lines[best in (pair.first, pair.second)].append(f"- {plain(pair.sentence())}")
    st.markdown("\n".join(lines[True]))
    if lines[False]:
        with st.expander("The other pairs", icon=":material/compare_arrows:"):
            st.markdown("\n".join(lines[False]))


def _downloads(evaluation: OwnEvaluation, cards: Mapping[str, ModelCard]) -> None:
    with st.container(horizontal=True):
        for label, file, mime, data in (
            ("PDF", "evaluation.pdf", "application/pdf", lambda: _pdf(evaluation, cards)),
            ("CSV", "readings.csv", "text/csv", lambda: as_csv(evaluation)),
            ("JSON", "evaluation.json", "application/json", lambda: as_json(evaluation)),
        ):
            st.download_button(
                label, data=data, file_name=file, mime=mime, icon=":material/download:", on_click="ignore"
            )


def _pdf(evaluation: OwnEvaluation, cards: Mapping[str, ModelCard]) -> bytes:
    from datetime import date

    from fer_core.reports.evaluation_pdf import evaluation_report  # here, because its libraries take long to load

    return evaluation_report(evaluation, cards, date.today())


def _table(models: Mapping[str, ModelFigures]) -> None:
    ranked = sorted(models.items(), key=lambda entry: -entry[1]["accuracy"])
    percent = st.column_config.NumberColumn(format="%.1f %%")
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "Model": title,
                    "Accuracy": 100 * figures["accuracy"],
                    "95 %": "{:.1f} – {:.1f}".format(*(100 * bound for bound in figures["accuracy_ci95"])),
                    "Macro F1": figures["macro_f1"],
                    "Balanced": 100 * figures["balanced_accuracy"],
                    "ECE": figures["ece"],
                    IF_PERFECT: figures["ece_if_calibrated"],
                    "NLL": figures["nll"],
                    "Brier": figures["brier"],
                    "ms/face": figures["latency_ms"],
                }
                for title, figures in ranked
            ]
        ),
        hide_index=True,
        column_config={
            "Accuracy": percent,
            "Balanced": percent,
            **{name: st.column_config.NumberColumn(format="%.3f") for name in ("Macro F1", "ECE", "NLL", "Brier")},
            IF_PERFECT: st.column_config.NumberColumn(format="%.3f", help=IF_PERFECT_HELP),
            "ms/face": st.column_config.NumberColumn(format="%.1f"),
        },
        alt="Figures of each model on these faces",
    )


def _curves(models: Mapping[str, ModelFigures], looks: Mapping[str, Look], thresholds: Mapping[str, float]) -> None:
    curves = {title: figures["curves"] for title, figures in models.items()}
    errors = {title: figures["ece"] for title, figures in models.items()}
    areas = {title: {name: figures["per_class"][name]["auc"] for name in EMOTIONS} for title, figures in models.items()}
    means = {title: model_curves.mean_of(entry, model_curves.MEAN) for title, entry in areas.items()}
    drawn = {
        "Reliability": (
            model_curves.reliability(curves, looks, errors),
            model_curves.describe_reliability(curves, errors),
        ),
        "Coverage": (model_curves.coverage(curves, looks, thresholds), model_curves.describe_coverage(curves)),
        "ROC, mean of all emotions": (
            model_curves.roc(curves, looks, areas),
            model_curves.describe_areas("Area under the ROC curve", means),
        ),
        "Precision and recall, mean of all emotions": (
            model_curves.precision_recall(curves, looks),
            "Precision against recall",
        ),
    }
    for name, place in beside(drawn):
        with place:
            st.markdown(f"##### {name}")
            figure, words = drawn[name]
            show_figure(figure, f"own {name}", words, name=f"own data {name}")


def _robustness(models: Mapping[str, ModelFigures], looks: Mapping[str, Look]) -> None:
    records = {title: figures["robustness"] for title, figures in models.items() if "robustness" in figures}
    if not records:
        return
    st.markdown("##### Robustness")
    kinds = list(next(iter(records.values()))["kinds"])
    kind = st.pills("Made worse by", kinds, required=True, default=kinds[0], key="own kind")
    show_figure(
        model_curves.robust(records, looks, kind),
        "own robustness",
        model_curves.describe_robust(records, kind),
        name=f"own data robustness {kind}",
    )


def _slices(models: Mapping[str, ModelFigures]) -> None:
    sliced = {title: figures["slices"] for title, figures in models.items() if "slices" in figures}
    if not sliced:
        return
    st.markdown("##### By group")
    for title, record in sliced.items():
        for attribute, found in record["attributes"].items():
            st.markdown(f"- **{plain(title)}**, {plain(gap_in_words(attribute, found))}")
    rows = [
        {
            "Attribute": attribute,
            "Group": value,
            "Model": title,
            "Faces": entry["n"],
            "Accuracy": 100 * entry["accuracy"],
            "95 %": "{:.1f} – {:.1f}".format(*(100 * bound for bound in entry["accuracy_ci95"])),
            "Macro F1": entry["macro_f1"],
        }
        for title, record in sliced.items()
        for attribute, found in record["attributes"].items()
        for value, entry in found["slices"].items()
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            "Accuracy": st.column_config.NumberColumn(format="%.1f %%"),
            "Macro F1": st.column_config.NumberColumn(format="%.3f"),
        },
    )
    st.caption(next(iter(sliced.values()))["protocol"])


def _errors(evaluation: OwnEvaluation, titles: Mapping[str, str]) -> None:
    st.markdown("##### Errors, file by file")
    names = list(evaluation.predictions)
    name = st.pills(
        "Errors of", names, required=True, default=names[0], format_func=lambda one: titles.get(one, one), key="errors"
    )
    wrong = errors_table(evaluation, name)
    st.caption(f"{len(wrong):,} of {len(evaluation.files):,} faces, the surest errors first.")
    percent = st.column_config.NumberColumn(format="percent")
    st.dataframe(
        wrong,
        hide_index=True,
        column_config={
            "Confidence": percent,
            "Label's": st.column_config.NumberColumn(format="percent", help="The probability given to the label."),
        },
    )
    skipped = skipped_table(evaluation)
    if len(skipped):
        st.markdown("##### Left out")
        st.dataframe(skipped, hide_index=True)
