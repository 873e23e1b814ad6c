"""The `crop-study` command: which cut of a found face is read best."""

import argparse
from pathlib import Path

from fer_core.commands import Commands
from fer_core.commands.output import DONE, check_target, say, tell, write_json
from fer_core.plain import as_plain


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser("crop-study", help="measure which cut of a found face is read best")
    command.add_argument("--data", type=Path, required=True, metavar="PATH", help="FER2013: a folder, a zip or the csv")
    command.add_argument("--split", default="PublicTest", help="default: PublicTest")
    command.add_argument("--models", nargs="+", default=["custom_cnn"], metavar="NAME", help="default: custom_cnn")
    command.add_argument("--json", metavar="FILE", help='where the figures go, too; "-" for stdout')
    command.set_defaults(run=_crop_study)


def _crop_study(options: argparse.Namespace) -> int:
    from fer_core.classification import EmotionClassifier
    from fer_core.detection import load_detector
    from fer_core.diagnostics.crop_study import crop_study
    from fer_core.evaluation.datasets import load_faces

    check_target(options.json)
    classifiers = {name: EmotionClassifier.load(name) for name in options.models}
    faces = load_faces(options.data, training=options.split == "train").split(options.split)
    rows = crop_study(faces, load_detector("blazeface"), classifiers, say)
    show = say if options.json == "-" else tell
    for row in rows:
        show(
            f"{row.model}, {row.faces} ({row.count}): as given {row.given:.1%}, box {row.box:.1%}, "
            f"turned upright {row.aligned:.1%}"
        )
    if options.json:
        write_json({"split": options.split, "rows": as_plain(rows)}, options.json)
    return DONE
