"""What `fer_core` exports: complete, sorted, and with every type that its methods return."""

import inspect
import pickle
import subprocess
import sys
import typing
import warnings

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

import fer_core
from fer_core import EmotionPipeline, to_frame
from fer_core.errors import RequestError
from fer_core.readings import Box
from fer_core.testing import fake_pipeline
from tests.conftest import PORTRAIT
from tests.videos import scene, write_video

FACE = Box(40, 30, 100, 100)


def test_every_public_name_is_in_all_and_the_other_way_round():
    for name in fer_core.__all__:
        assert getattr(fer_core, name) is not None
    modules = {name for name, value in vars(fer_core).items() if inspect.ismodule(value)}
    others = {"Any", "Final", "TYPE_CHECKING", "import_module"}
    found = {name for name in vars(fer_core) if not name.startswith("_")} - modules - others
    assert sorted({*found, "__version__"}) == sorted(fer_core.__all__) == sorted(set(fer_core.__all__))


def _ours(annotation: object) -> set[str]:
    parts = typing.get_args(annotation)
    if parts:
        return set().union(*map(_ours, parts))
    return {annotation.__name__} if getattr(annotation, "__module__", "").startswith("fer_core.") else set()


def test_every_type_that_a_public_method_returns_is_public():
    names = {name: getattr(fer_core, name) for name in fer_core.__all__}
    for value in filter(inspect.isclass, names.values()):
        for method in list(vars(value).values()):  # to look at annotations may add some
            call = method.fget if isinstance(method, property) else getattr(method, "__func__", method)
            if inspect.isfunction(call) and not call.__name__.startswith("_"):
                says = call.__annotations__.get("return")
                known = {**vars(sys.modules[call.__module__]), **names}
                returned = eval(says, known) if isinstance(says, str) else says
                missing = _ours(returned) - set(fer_core.__all__) - {"State", "MapFigures", "FileRecord"}
                assert not missing, f"{value.__name__}.{call.__name__} returns {missing}"


def test_the_package_is_imported_without_what_its_names_need():
    code = "import sys, fer_core; assert not {'numpy', 'cv2', 'pydantic', 'pandas', 'scipy', 'av'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_path_a_pillow_picture_and_an_array_are_read_alike():
    pipeline = fake_pipeline([FACE])
    array = cv2.imread(str(PORTRAIT))
    for picture in (PORTRAIT, str(PORTRAIT), Image.open(PORTRAIT), array):
        pipeline.detector.seen.clear()
        pipeline.analyze_image(picture)
        np.testing.assert_array_equal(pipeline.detector.seen[0], array)


def test_readings_cannot_be_written_to():
    [reading] = fake_pipeline([FACE]).analyze_image(np.zeros((200, 200, 3), np.uint8))
    for array in (reading.probabilities, reading.activation):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_readings_become_a_table():
    readings = fake_pipeline([FACE, FACE.moved(50, 0)]).analyze_image(np.zeros((200, 300, 3), np.uint8))
    table = to_frame(readings)
    assert table["face"].tolist() == [1, 2] and table["label"].tolist() == ["happy"] * 2 and "picture" not in table
    assert len(to_frame([])) == 0


def test_a_recording_is_read_frame_by_frame_like_its_timeline(tmp_path):
    film = write_video(tmp_path / "film.mp4", [scene((90 + i, 90, 100)) for i in range(50)])
    pipeline = fake_pipeline([FACE])
    frames = list(pipeline.iter_video(film, 5))
    table, whole = to_frame(frames), pipeline.analyze_video(film, 5, smoothing="none").frame
    assert table["time_s"].tolist() == whole["time_s"].tolist() and table["person"].tolist() == whole["person"].tolist()
    pd.testing.assert_series_equal(table["happy"].astype(float), whole["happy"], check_exact=False)
    nobody = to_frame(list(fake_pipeline().iter_video(film, 5)))
    assert len(nobody) == len(frames) and nobody["person"].isna().all()


def test_a_recording_that_is_cut_off_is_told_frame_by_frame_like_of_its_timeline(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (75, 240, 320, 3), dtype=np.uint8)
    whole = write_video(tmp_path / "whole.mp4", list(noise), container_options={"movflags": "faststart"})
    short = tmp_path / "short.mp4"
    short.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    pipeline = fake_pipeline([FACE])
    with pytest.warns(UserWarning, match="may have been cut off") as told:
        frames = list(pipeline.iter_video(short))
    assert frames and told[0].filename == __file__
    problems = pipeline.analyze_video(short).problems
    assert [str(warning.message) for warning in told] == [f"short.mp4: {problem}" for problem in problems]


def test_a_loop_over_damaged_recordings_is_told_of_each(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (75, 240, 320, 3), dtype=np.uint8)
    whole = write_video(tmp_path / "whole.mp4", list(noise), container_options={"movflags": "faststart"})
    films = [tmp_path / "first.mp4", tmp_path / "second.mp4"]
    for film in films:
        film.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")  # shows a text once a line, as Python does
        for film in films:
            for _ in fake_pipeline([FACE]).iter_video(film):
                pass
    names = [str(warning.message).split(":")[0] for warning in told]
    assert names.count("first.mp4") == names.count("second.mp4") == len(names) / 2 > 0


@pytest.mark.parametrize("choice", [{"model": "hybrid"}, {"detector": "haar"}, {"engine": "keras"}])
def test_what_a_pipeline_was_loaded_with_is_no_choice_of_an_analysis(choice):
    [name] = choice
    with pytest.raises(RequestError, match=f"keeps the {name} it was loaded with"):
        fake_pipeline([FACE]).analyze_video("film.mp4", **choice)
    with pytest.raises(TypeError):
        fake_pipeline([FACE]).analyze_video("film.mp4", smooothing="none")


def test_what_is_not_there_is_said():
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = fer_core.Nonsense
    assert "Timeline" in dir(fer_core) and EmotionPipeline is fer_core.EmotionPipeline


def test_people_of_a_slow_reading_have_the_numbers_of_the_timeline(tmp_path):
    film = write_video(tmp_path / "film.mp4", [scene((45 + i / 8, 45, 50), width=160, height=120) for i in range(200)])
    pipeline = fake_pipeline([Box(20, 15, 50, 50)])
    persons = [face.person for frame in pipeline.iter_video(film, 0.5) for face in frame.faces]
    assert persons == pipeline.analyze_video(film, 0.5).frame["person"].tolist() and set(persons) == {1}


def test_readings_stay_read_only_through_a_pickle():
    [reading] = fake_pipeline([FACE]).analyze_image(np.zeros((200, 200, 3), np.uint8))
    again = pickle.loads(pickle.dumps(reading))
    assert again.label == reading.label and not again.probabilities.flags.writeable
