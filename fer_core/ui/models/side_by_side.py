"""Several models on the same faces: is the difference real, what do they confuse, what throws them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import pandas as pd
import streamlit as st

from fer_core.charts import confusion, model_curves
from fer_core.classification import ModelCard
from fer_core.classification.metrics import CardFigures
from fer_core.classification.recipe import RunSettings
from fer_core.emotions import EMOTIONS, STYLES
from fer_core.evaluation.calibration import error_if_calibrated
from fer_core.evaluation.figures import ClassFigures, DegradationFigures
from fer_core.evaluation.recipes import Earlier, earlier
from fer_core.evaluation.robustness import FACE_PX, degraded
from fer_core.imaging.crops import cut, resized
from fer_core.media.images import read_image
from fer_core.media.samples import PORTRAIT, PORTRAIT_FACE
from fer_core.ui.models import records as models_records
from fer_core.ui.models.difference import difference
from fer_core.ui.models.parts import IF_PERFECT, IF_PERFECT_HELP, Compared, beside, say_unknown
from fer_core.ui.models.records import SPLITS
from fer_core.ui.shared.charts import show_figure
from fer_core.ui.shared.text import plain
from fer_core.ui.shared.theme import ink

HARDENED_SEVERITY: Final = 3
"""Of the five, the one that the table of losses is about."""


def side_by_side(cards: Sequence[ModelCard]) -> None:
    """Pick models, pick a view; only that view is drawn."""
    usable = [card for card in cards if models_records.has_records(card)]
    if usable:
        above, below = st.container(), st.container()
        view = below.segmented_control(
            "View", list(_VIEWS), required=True, default=next(iter(_VIEWS)), key="chart", bind="query-params"
        )
        with above:
            compared = _pick(usable, view)
        if compared is not None:
            _VIEWS[view](compared)
            if view in _ON_ALL_FACES and compared.copies:
                st.caption(f"{compared.copies} They count here; *Is it real?* can leave them out.")
            say_unknown(title for title, card in compared.cards.items() if card.imported)
    models_records.explain_missing_records(cards)


def _pick(cards: Sequence[ModelCard], view: str) -> Compared | None:
    titles, looks = models_records.titles_and_looks()
    usable = {titles[card.name]: card for card in cards}
    ranked = sorted(usable, key=lambda title: -(usable[title].metrics.get(SPLITS[0], CardFigures()).accuracy or 0))
    left, right = st.columns([3, 1])
    picked = left.pills("Models", ranked, selection_mode="multi", default=ranked[:2], key="models", bind="query-params")
    split, without_copies = SPLITS[0], False
    if view not in _ON_FACES_OF_THEIR_OWN:
        split = right.segmented_control(
            "Measured on FER2013", SPLITS, required=True, default=SPLITS[0], key="faces", persist_state="page"
        )
    if view == _TEST:
        without_copies = right.toggle(
            "Without copies",
            key="without copies",
            persist_state="page",
            help="Leave out the faces that are, byte for byte, also among the training faces.",
        )
    if not picked:
        st.caption("Pick one model or several.")
        return None
    chosen = [title for title in ranked if title in picked]
    records = {title: models_records.evaluation(usable[title]).splits[split] for title in chosen}
    return Compared({title: usable[title] for title in chosen}, records, looks, split, without_copies)


def _confusion(compared: Compared) -> None:
    tables = {title: one["confusion"] for title, one in compared.figures.items()}
    kinds = ["By row", "Counts", *(["Difference"] if len(tables) > 1 else [])]
    kind = st.segmented_control("Show", kinds, required=True, default=kinds[0], key="confusion")
    if kind == "Difference":
        left, right = st.columns(2)
        first = left.selectbox("This model", list(tables), index=0)
        others = [title for title in tables if title != first]
        second = right.selectbox("minus this one", others, index=0)
        show_figure(
            confusion.confusion_difference(tables[first], tables[second], ink()),
            "difference",
            confusion.describe_difference(first, second, tables),
            name=f"{first} against {second} confusion",
        )
        st.caption(
            f"Points. Blue: more often {plain(first)}; orange: {plain(second)}. On the diagonal, more is better."
        )
        return
    draw = confusion.confusion_shares if kind == "By row" else confusion.confusion_counts
    for title, place in beside(tables):
        with place:
            st.markdown(f"**{plain(title)}**")
            show_figure(
                draw(tables[title], ink()),
                f"confusion {title}",
                confusion.describe_confusion(title, tables[title]),
                name=f"{title} confusion",
            )
    if kind == "By row":
        st.caption("Percent of the faces of each label; the diagonal is what is found.")


def _classes(compared: Compared) -> None:
    measure = st.segmented_control(
        "Figure",
        list(confusion.CLASS_MEASURES),
        required=True,
        default="f1",
        format_func=lambda name: confusion.CLASS_MEASURES[name].partition(":")[0],
        key="measure",
    )
    by_model = {title: one["per_class"] for title, one in compared.figures.items()}
    show_figure(
        confusion.class_bars(by_model, compared.looks, measure),
        "classes",
        confusion.describe_classes(by_model, measure),
        name=f"models {measure} by emotion",
    )
    st.caption(f"{confusion.CLASS_MEASURES[measure].capitalize()}. Under each emotion: how many faces bear its label.")
    _class_table(by_model)


def _class_table(by_model: Mapping[str, Mapping[str, ClassFigures]]) -> None:
    with st.expander("All figures", icon=":material/table:"):
        st.dataframe(
            pd.DataFrame(
                [
                    {"Emotion": f"{STYLES[name].symbol} {name}", "Model": title, **classes[name]}
                    for name in EMOTIONS
                    for title, classes in by_model.items()
                ]
            ),
            hide_index=True,
            column_config={
                name: st.column_config.NumberColumn(name.capitalize() if name != "auc" else "AUC", format="%.3f")
                for name in confusion.CLASS_MEASURES
            },
        )


def _roc(compared: Compared) -> None:
    emotion = st.pills(
        "Emotion",
        [model_curves.MEAN, *EMOTIONS],
        required=True,
        default=model_curves.MEAN,
        format_func=lambda name: f"{STYLES[name].symbol} {name}" if name in STYLES else name,
        key="emotion",
    )
    by_model = {title: one["per_class"] for title, one in compared.figures.items()}
    areas = {title: {name: entry["auc"] for name, entry in classes.items()} for title, classes in by_model.items()}
    precisions = {title: model_curves.average_precisions(entry) for title, entry in compared.curves.items()}
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**ROC**")
        of_emotion = {title: model_curves.mean_of(entry, emotion) for title, entry in areas.items()}
        show_figure(
            model_curves.roc(compared.curves, compared.looks, areas, emotion),
            "roc",
            model_curves.describe_areas(f"Area under the ROC curve, {emotion}", of_emotion),
            name=f"models ROC {emotion}",
        )
    with right:
        st.markdown("**Precision and recall**")
        of_emotion = {title: model_curves.mean_of(entry, emotion) for title, entry in precisions.items()}
        show_figure(
            model_curves.precision_recall(compared.curves, compared.looks, emotion),
            "precision",
            model_curves.describe_areas(f"Average precision, {emotion}", of_emotion),
            name=f"models precision and recall {emotion}",
        )
    st.dataframe(
        pd.DataFrame(
            [
                {"Model": title, "Figure": figure, **values, "mean": model_curves.mean_of(values, model_curves.MEAN)}
                for title in areas
                for figure, values in (("AUC", areas[title]), ("Average precision", precisions[title]))
            ]
        ),
        hide_index=True,
        column_config={name: st.column_config.NumberColumn(format="%.3f") for name in (*EMOTIONS, "mean")},
    )


def _calibration(compared: Compared) -> None:
    errors = {title: one["ece"] for title, one in compared.figures.items()}
    thresholds = {title: card.uncertain_below for title, card in compared.cards.items()}
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Is 70 % right seven times in ten?**")
        show_figure(
            model_curves.reliability(compared.curves, compared.looks, errors),
            "reliability",
            model_curves.describe_reliability(compared.curves, errors),
            name="models reliability",
        )
        st.caption("Faces in fifteen groups of equal size. Under the dotted line a model says more than it knows.")
    with right:
        st.markdown("**What does leaving out the uncertain ones buy?**")
        show_figure(
            model_curves.coverage(compared.curves, compared.looks, thresholds),
            "coverage",
            model_curves.describe_coverage(compared.curves),
            name="models coverage",
        )
        st.caption("From left to right ever fewer, surer faces are kept. The star: where each model says *uncertain*.")
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "Model": title,
                    "ECE": one["ece"],
                    IF_PERFECT: error_if_calibrated(compared.curves[title]["reliability"]),
                    "NLL": one["nll"],
                    "Brier": one["brier"],
                }
                for title, one in compared.figures.items()
            ]
        ),
        hide_index=True,
        column_config={
            **{name: st.column_config.NumberColumn(format="%.4f") for name in ("ECE", "NLL", "Brier")},
            IF_PERFECT: st.column_config.NumberColumn(format="%.4f", help=IF_PERFECT_HELP),
        },
    )


def _robustness(compared: Compared) -> None:
    records = {title: models_records.evaluation(card).robustness for title, card in compared.cards.items()}
    measured = next(iter(records.values()))
    kinds = [kind for kind in measured["kinds"] if all(kind in record["kinds"] for record in records.values())]
    if not kinds:
        st.info("These models were not made worse in the same ways; measure them again.", icon=":material/info:")
        return
    kind = st.pills("Made worse by", kinds, required=True, default=kinds[0], key="kind")
    _degraded_strip(kind, measured["kinds"][kind])
    show_figure(
        model_curves.robust(records, compared.looks, kind),
        "robustness",
        model_curves.describe_robust(records, kind),
        name=f"models robustness {kind}",
    )
    st.markdown(f"**Points lost at severity {HARDENED_SEVERITY} of 5**")
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "Model": title,
                    **{
                        name: 100
                        * (record["kinds"][name]["accuracy"][0] - record["kinds"][name]["accuracy"][HARDENED_SEVERITY])
                        for name in kinds
                    },
                    "Faces": record["n"],
                }
                for title, record in records.items()
            ]
        ),
        hide_index=True,
        column_config={name: st.column_config.NumberColumn(format="%.1f") for name in kinds},
    )
    among = " Copies of training faces are among them." if compared.copies else ""
    st.caption(f"{measured['split']}. {measured['protocol']}{among}")


def _degraded_strip(kind: str, measured: DegradationFigures) -> None:
    """The sample portrait at every severity."""
    face = resized(cut(read_image(PORTRAIT), PORTRAIT_FACE), FACE_PX).mean(axis=2).astype("uint8")
    with st.container(horizontal=True, gap="small"):
        for severity, level in enumerate(measured["levels"]):
            [shown] = degraded([face], kind, severity)
            st.image(shown, caption=f"{level:g}", width=88, alt=f"Sample face, {kind} {level:g} {measured['unit']}")


def _training(compared: Compared) -> None:
    courses = {title: models_records.history(card) for title, card in compared.cards.items()}
    histories = {title: rows for title, rows in courses.items() if rows is not None and len(rows)}
    without = [title for title in courses if title not in histories]
    means = [title for title in without if compared.cards[title].members]
    if means:
        st.caption(f"Nothing was trained for {plain(', '.join(means))}: an ensemble is the mean of its members.")
    if len(means) < len(without):
        missing = ", ".join(title for title in without if title not in means)
        st.caption(f"No course of training came with {plain(missing)}.")
    if not histories:
        return
    before = {title: earlier(compared.cards[title]) for title in histories}
    over = st.segmented_control("Over", ["epoch", "minutes"], required=True, default="epoch", key="over")
    left, right = st.columns(2, gap="medium")
    for place, measure in ((left, "accuracy"), (right, "loss")):
        with place:
            st.markdown(f"**{measure.capitalize()}**")
            show_figure(
                model_curves.training(histories, compared.looks, measure, over, before),
                f"training {measure}",
                model_curves.describe_training(histories, before),
                name=f"models training {measure}",
            )
    for title, start in before.items():
        if words := _beginning(title, start, compared.cards[title].recipe.settings):
            st.caption(words)
    st.caption(
        "Solid: PublicTest without copies of training faces, without the mirror image. Dotted: training faces, which "
        "are changed at random and harder, so that a model can do better on validation. Losses of different recipes "
        "are not comparable."
    )


def _beginning(title: str, start: Earlier, settings: RunSettings | None) -> str:
    """With what weights a run began, in words; empty for random weights."""
    if start.epochs:
        course = f"{start.epochs} epochs, {start.minutes:.0f} minutes"
        return f"{plain(title)} went on from weights of {course}; its curve begins there."
    if settings is None or not settings.start:
        return ""
    return f"{plain(title)} began with weights of which no course is recorded."


_TEST: Final = "Is it real?"
_VIEWS: Final[dict[str, Callable[[Compared], None]]] = {
    _TEST: difference,
    "Confusion": _confusion,
    "By emotion": _classes,
    "ROC": _roc,
    "Calibration": _calibration,
    "Robustness": _robustness,
    "Training": _training,
}
_ON_FACES_OF_THEIR_OWN: Final = {"Robustness", "Training"}
_ON_ALL_FACES: Final = _VIEWS.keys() - _ON_FACES_OF_THEIR_OWN - {_TEST}
