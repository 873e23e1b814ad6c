"""Services of tests; each test module skips where the extra is missing."""

import pytest

from fer_core.pipeline import EmotionPipeline
from fer_core.readings import Box
from fer_core.testing import fake_pipeline
from tests.services import listening, service_settings

FACE = Box(40, 30, 100, 100)


@pytest.fixture(scope="session")
def pipeline() -> EmotionPipeline:
    """The default one, loaded once."""
    return EmotionPipeline.load()


@pytest.fixture(scope="module")
def address(tmp_path_factory, pipeline):
    """A service with the default model."""
    with listening(service_settings(tmp_path_factory.mktemp("service")), lambda request: pipeline) as address:
        yield address


@pytest.fixture
def served(tmp_path):
    """Starts services with settings of their own, and a pipeline that finds one happy face in everything."""

    def start(**changes):
        settings = service_settings(tmp_path / "service", **changes)
        return listening(settings, lambda request: fake_pipeline([FACE]))

    return start
