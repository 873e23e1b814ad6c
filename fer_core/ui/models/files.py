"""The files of every model to download, and the commands that make it again."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import streamlit as st

from fer_core.classification import ModelCard
from fer_core.classification.cards import verified_file
from fer_core.classification.recipe import Machine, Recipe
from fer_core.errors import FerError, with_extra
from fer_core.evaluation import recipes
from fer_core.resources import is_left_out
from fer_core.settings import MODELS
from fer_core.ui.models import records
from fer_core.ui.models.onnx import can_be_made, onnx_file
from fer_core.ui.models.parts import size
from fer_core.ui.shared.text import plain

_WORDS: Final = {
    "model.keras": "Keras: the model as it was trained; opens in Keras 3 with any backend",
    "model.tflite": "LiteRT: what runs here, on phones and on small computers",
    "model.onnx": "ONNX: for ONNX Runtime, OpenVINO and others",
    "evaluation.json": "everything on this page, as numbers",
    "predictions.npz": "what it said of each test face, for tests of your own",
    "history.csv": "the course of training, a row an epoch",
}
KERAS_FILE: Final = "model.keras"
ONNX_FILE: Final = "model.onnx"


def files(cards: Sequence[ModelCard]) -> None:
    """Choose a model: what it is, its files, its commands."""
    titles, _ = records.titles_and_looks()
    by_title = {titles[card.name]: card for card in cards}
    title = st.pills(
        "Model", list(by_title), required=True, default=next(iter(by_title)), key="model", bind="query-params"
    )
    card = by_title[title]
    st.markdown(f"#### {plain(card.title)}")
    _facts(card)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("##### Download")
        _downloads(card)
    with right:
        st.markdown("##### Make it again")
        _commands(card)
    with st.expander("The whole card", icon=":material/badge:"):
        st.json(card.model_dump(), expanded=1)


def _facts(card: ModelCard) -> None:
    words = {
        "Licence": card.licence,
        "Imported from": card.imported.source if card.imported else "",
        "Trained on": card.training_data,
        "Run": _course(card.recipe),
        "Went on from": _earlier(card.recipe.before),
        "Input": f"{card.side_px} × {card.side_px}, {card.preprocessing}",
        "Reading": _reading(card),
    }
    st.markdown("\n".join(f"- **{name}**: {plain(text)}" for name, text in words.items() if text))


def _reading(card: ModelCard) -> str:
    if card.members:
        return f"mean of the calibrated probabilities of {', '.join(card.members)}; temperature {card.temperature:.2f}"
    mirrored = "mean of the face's and its mirror image's logits; " if card.flip_average else ""
    return f"{mirrored}temperature {card.temperature:.2f}; uncertain below {card.uncertain_below:.0%}"


def _course(recipe: Recipe) -> str:
    epochs = "" if recipe.epochs is None else f"{recipe.epochs} epochs"
    minutes = "" if recipe.minutes is None else f"{recipe.minutes:.0f} minutes"
    return ", ".join(filter(None, [epochs, minutes, _machine(recipe.machine) if recipe.machine else ""]))


def _earlier(recipe: Recipe | None) -> str:
    """The run that a model went on from, and the runs before it; empty for none."""
    if recipe is None:
        return ""
    model = recipe.settings.model if recipe.settings else None
    words = (f"{model or 'another model'}, trained for {_course(recipe)}", _earlier(recipe.before))
    return "; before that ".join(filter(None, words))


def _machine(machine: Machine) -> str:
    cores = "" if machine.cpu_cores is None else f"{machine.cpu_cores} CPU cores"
    return " on ".join(filter(None, [machine.backend, ", ".join(filter(None, [cores, machine.devices]))]))


def _downloads(card: ModelCard) -> None:
    if card.members:
        st.caption(f"An ensemble has no network of its own: take those of {plain(', '.join(card.members))}, too.")
    _download(card.name, "card.json", lambda: (records.MODELS_DIR / card.name / "card.json").read_bytes(), "what it is")
    for name in sorted(card.files, key=_place):
        record = card.files[name]
        if is_left_out(records.MODELS_DIR / card.name / name):
            st.caption(f"`{name}` is not part of an installed package: only training needs it.")
            continue
        _download(
            card.name,
            name,
            partial(_content, card, name),
            _WORDS.get(name, ""),
            f"{size(record.bytes)} · SHA-256 `{record.sha256[:16]}…`",
        )
    trained = records.MODELS_DIR / card.name / KERAS_FILE
    own = not card.members and card.imported is None
    if own and ONNX_FILE not in card.files and not is_left_out(trained):
        _onnx(card)
    st.caption("Compare all files with their cards:")
    st.code(recipes.verify_command(), language="sh", wrap_lines=True)


def _content(card: ModelCard, name: str) -> bytes:
    return verified_file(card, name, records.MODELS_DIR).read_bytes()


def _onnx(card: ModelCard) -> None:
    st.caption("ONNX is made on demand, and checked against Keras before it is given out:")
    if can_be_made():
        if st.button(f"Make {ONNX_FILE}", icon=":material/conversion_path:"):
            with st.spinner("Converting and checking; it takes about half a minute …"):
                try:
                    data = onnx_file(card.name, card.identity, records.MODELS_DIR)
                except FerError as error:
                    st.error(plain(str(error)), icon=":material/error:")
                    return
            _download(card.name, ONNX_FILE, data, _WORDS[ONNX_FILE], size(len(data)))
    else:
        st.caption(f"This needs more packages; {with_extra('onnx')}. With them, the same by command:")
    st.code(recipes.export_command(card.name, "onnx"), language="sh", wrap_lines=True)


def _place(file: str) -> tuple[int, str]:
    """Known files in the order of `_WORDS`, others after them by name."""
    order = list(_WORDS)
    return order.index(file) if file in order else len(order), file


def _download(model: str, name: str, data: bytes | Callable[[], bytes], words: str, facts: str = "") -> None:
    left, right = st.columns([2, 3], vertical_alignment="center")
    left.download_button(
        name,
        data=data,
        file_name=f"{model}_{name}",
        mime="application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        key=f"download {model} {name}",
        width="stretch",
    )
    right.caption(" · ".join(filter(None, [words, facts])))


def _commands(card: ModelCard) -> None:
    needed = recipes.requirements(card)
    recipe = recipes.recipe_of(card)
    settings = card.recipe.settings
    if needed:
        st.caption(f"It learnt from, or started with: {plain(', '.join(needed))}. These have to be there first.")
    if not card.members and settings:
        st.caption(
            "What `publish` makes takes the place of the installed model, and an ensemble of that has to be made "
            f"again. To keep both, copy the folder of models and name the copy in `{MODELS}`."
        )
    for step in recipes.steps(card):
        st.markdown(step.title)
        st.code(step.command, language="sh", wrap_lines=True)
    if settings:
        st.download_button(
            "Settings of this very run",
            data=recipes.settings_json(card),
            file_name=recipes.settings_file(card),
            mime="application/json",
            icon=":material/tune:",
            on_click="ignore",
        )
        where = f"The recipe is `{recipe.name}` in `docs/recipes`." if recipe else "No recipe matches: use this file."
        st.caption(f"{where} Other machines give slightly other weights, not other conclusions; see docs/training.md.")
