"""`POST /v1/image`: the faces of one picture."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from fer_core.errors import BusyError
from fer_core.media.files import stored_name
from fer_core.media.images import ImageLimits, decode_image
from fer_core.networks.cores import available_cores
from fer_core.reports.picture_records import PictureRecord, PictureSettings, ReadPicture, as_record
from fer_core.service.choices import PictureChoices
from fer_core.service.pipelines import Pipelines
from fer_core.service.problems import answers
from fer_core.service.uploads import BODY, receive, temporary
from fer_core.settings import ServiceSettings

MOST_WAITING: Final = 32
"""Pictures that are received, wait or are read at the same time; more are turned away."""

TAKEN_BY: Final = "picture"
"""Name of a picture that came without one."""

_EXAMPLE: Final = {
    "path": "face.jpg",
    "sha256": "5c1f0e7b2a94d386…",
    "width": 640,
    "height": 480,
    "turned_deg": 0,
    "faces": [
        {
            "box": [251, 116, 138, 138],
            "found_by": "detector",
            "face_confidence": 0.941,
            "label": "happy",
            "confidence": 0.964,
            "uncertain": False,
            "probabilities": {
                "angry": 0.004,
                "disgust": 0.005,
                "fear": 0.004,
                "happy": 0.964,
                "sad": 0.003,
                "surprise": 0.007,
                "neutral": 0.013,
            },
            "quality": {"size_px": 138, "sharpness": 1539.0, "brightness": 143.6, "problems": []},
            "landmarks": {"yaw_deg": -0.1, "pitch_deg": 5.2, "roll_deg": 2.6, "mouth_open": 0.12},
        }
    ],
    "edits": [],
    "settings": {
        "model": "custom_cnn",
        "model_identity": "78bf164d773d9a09…",
        "detector": "blazeface",
        "detector_parameters": {},
        "uncertain_below": 0.49,
        "version": "0.1.0",
    },
}


def router(pipelines: Pipelines, settings: ServiceSettings) -> APIRouter:
    """The routes of pictures."""
    routes, room = APIRouter(tags=["pictures"]), _Room()
    limits = ImageLimits(min(settings.most_bytes, ImageLimits().max_bytes), settings.most_pixels)

    @routes.post(
        "/v1/image",
        operation_id="analyze_image",
        summary="Read the faces of a picture",
        response_description="The same record as `face-value image --json` gives, to the digit",
        response_model=PictureRecord,
        responses={
            200: {"content": {"application/json": {"example": _EXAMPLE}}},
            **answers(401, 403, 413, 422, 500, 503),
        },
        openapi_extra=BODY,
    )
    async def analyze_image(request: Request, choices: Annotated[PictureChoices, Query()]) -> Response:
        """Boxes, seven calibrated probabilities, landmarks, pose and quality of every face, from left to right.

        PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF or HEIC. The picture is not kept.
        """
        declaration = choices.declaration
        async with room.entered():
            with temporary() as file:
                told = await receive(request, file, limits.max_bytes)
                name = stored_name(choices.name or told, TAKEN_BY)

                def read() -> PictureRecord:
                    pipeline = pipelines(choices.request)
                    file.seek(0)
                    data = file.read()
                    picture, sha256 = decode_image(data, name, limits), hashlib.sha256(data).hexdigest()
                    height, width = picture.shape[:2]
                    faces = pipeline.read_picture(picture).faces
                    settings = PictureSettings.of(pipeline)
                    read = ReadPicture(name, width, height, faces, settings, sha256=sha256, declaration=declaration)
                    return as_record(read)

                async with room.reading:
                    record: Any = await run_in_threadpool(read)
        return JSONResponse(record)

    return routes


class _Room:
    """How many pictures there is room for."""

    def __init__(self) -> None:
        self.reading = asyncio.Semaphore(available_cores())
        self._inside = 0

    @contextlib.asynccontextmanager
    async def entered(self) -> AsyncIterator[None]:
        """Be one of them meanwhile.

        Raises:
            BusyError: there are too many.
        """
        if self._inside == MOST_WAITING:
            raise BusyError("Too many pictures are being read; try again in some seconds.")
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
