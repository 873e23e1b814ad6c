"""The `verify` command: is an evidence bundle what the recording says."""

import argparse
from pathlib import Path

from fer_core.commands import Commands
from fer_core.commands.output import BAD_INPUT, DONE, progress_line, say, tell


def add(commands: Commands) -> None:
    """Add the command."""
    command = commands.add_parser(
        "verify",
        help="check an evidence bundle by running its analysis again",
        description="Check an evidence bundle by running its analysis again; status 0 where it is confirmed.",
    )
    command.add_argument("bundle", type=Path, metavar="BUNDLE", help="the zip file")
    command.add_argument("--video", type=Path, required=True, metavar="FILE", help="the recording that it is about")
    command.set_defaults(run=_verify)


def _verify(options: argparse.Namespace) -> int:
    from fer_core.evidence.verification import verify
    from fer_core.pipeline import EmotionPipeline
    from fer_core.request import AnalysisRequest
    from fer_core.timeline.table import Timeline

    def analyse(video: Path, request: AnalysisRequest) -> Timeline:
        return EmotionPipeline.load_for(request).analyse(video, request, progress_line("the recording"))

    result = verify(options.bundle, options.video, analyse)
    tell(f"{options.bundle}: {result.verdict}")
    for finding in result.findings:
        tell(f"  {finding}")
    tell(f"  fingerprint {result.fingerprint}")
    if result.confirmed:
        return DONE
    say(f"error: {options.bundle} is not confirmed: {result.verdict}.")
    return BAD_INPUT
