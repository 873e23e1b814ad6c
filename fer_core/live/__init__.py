"""Reading of a webcam's frames: the newest frame wins, and the camera's thread never waits. No Streamlit here."""

from fer_core.live.analyser import LiveAnalyser, LiveFace, LiveReading
from fer_core.live.settings import LiveSettings, View
from fer_core.live.state import LiveState, Situation
from fer_core.live.stream import LiveStream

__all__ = ["LiveAnalyser", "LiveFace", "LiveReading", "LiveSettings", "LiveState", "LiveStream", "Situation", "View"]
