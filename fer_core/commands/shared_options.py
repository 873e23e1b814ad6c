"""Options that several commands share, and the `AnalysisRequest` that those of reading make."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fer_core.declaration import Declaration, declared
from fer_core.errors import RequestError
from fer_core.request import (
    DEFAULT_DETECTOR,
    DEFAULT_MODEL,
    DETECTOR_NAMES,
    SMOOTHINGS,
    TIME_CONSTANT_S,
    AnalysisRequest,
    DetectorChoice,
    Region,
)


def add_request_options(command: argparse.ArgumentParser) -> None:
    """Add the options of sampling, smoothing, threshold, region and pipeline."""
    command.add_argument(
        "--fps", type=_of_request("fps"), default=4.0, help="samples a second; 0 for every frame; default: 4"
    )
    command.add_argument("--smoothing", default="exponential", choices=SMOOTHINGS, help="default: exponential")
    add_doubt_options(command)
    command.add_argument(
        "--region", type=region, metavar="X,Y,W,H", help="look for faces here alone, in shares of 0 to 1"
    )
    add_pipeline_options(command)


def add_pipeline_options(command: argparse.ArgumentParser) -> None:
    """Add `--model`, `--detector` and `--engine`."""
    command.add_argument("--model", metavar="NAME", help=f"default: {DEFAULT_MODEL}")
    command.add_argument(
        "--detector", default=DEFAULT_DETECTOR, choices=DETECTOR_NAMES, help=f"default: {DEFAULT_DETECTOR}"
    )
    command.add_argument("--engine", default="litert", choices=("litert", "keras"), help="default: litert")


def add_doubt_options(command: argparse.ArgumentParser) -> None:
    """Add how far readings are smoothed and when one counts as uncertain."""
    command.add_argument(
        "--time-constant",
        type=_of_request("time_constant_s"),
        default=TIME_CONSTANT_S,
        metavar="S",
        help="of the smoothing; default: 0.4",
    )
    command.add_argument(
        "--threshold",
        type=_of_request("uncertain_below"),
        metavar="P",
        help="uncertain below; default: the model's own",
    )


def _of_request(name: str) -> Callable[[str], float]:
    """Takes a number that an `AnalysisRequest` may have as its attribute `name`."""

    def number(text: str) -> float:
        value = float(text)
        choice: dict[str, Any] = {name: value}
        try:
            AnalysisRequest(**choice)
        except RequestError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
        return value

    number.__name__ = "float"  # for the message where it is no number at all
    return number


def add_data_option(command: argparse.ArgumentParser) -> None:
    """Add `--data`, which names a data set."""
    command.add_argument("--data", type=Path, required=True, metavar="PATH", help="a folder, a zip or fer2013.csv")


def add_purpose_option(command: argparse.ArgumentParser) -> None:
    """Add `--purpose`."""
    command.add_argument(
        "--purpose",
        metavar="TEXT",
        help="what it is for; stands in JSON, timelines, report and bundle, not in CSV, pictures and films; not work, "
        "hiring or education",
    )


def declaration_of(options: argparse.Namespace) -> Declaration | None:
    """What `--purpose` declares; None where it is left out.

    Raises:
        RequestError: the purpose is refused.
    """
    return None if options.purpose is None else declared(options.purpose)


def request_of(options: argparse.Namespace) -> AnalysisRequest:
    """The request that the options of `add_request_options` make.

    Raises:
        RequestError: a value makes no sense.
    """
    return AnalysisRequest(
        options.model,
        DetectorChoice(options.detector),
        options.engine,
        options.fps,
        options.smoothing,
        options.time_constant,
        options.threshold,
        options.region,
    )


def region(text: str) -> Region:
    """`X,Y,WIDTH,HEIGHT` in shares of the picture, as `--region` takes it."""
    try:
        return Region.parse(text)
    except RequestError as error:
        raise argparse.ArgumentTypeError(
            "four shares of the picture, from 0 to 1, such as 0.5,0,0.5,1 for its right half"
        ) from error
