"""Settings that a person can change while the camera runs."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class View:
    """The parts that are drawn into the video.

    Attributes:
        mirrored: left and right are exchanged, as in a mirror.
        boxes: a box and a caption around every face.
        bars: the seven probabilities beside every face.
        activation: the class activation map over every face.
        mesh: the landmarks of every face, unless faces are hidden: their shape tells who it is.
        hidden: faces are made unrecognisable.
    """

    mirrored: bool = True
    boxes: bool = True
    bars: bool = False
    activation: bool = False
    mesh: bool = False
    hidden: bool = False


@dataclass(frozen=True)
class LiveSettings:
    """Settings of reading and showing a stream.

    Attributes:
        time_constant_s: of the smoothing; 0 for none.
        uncertain_below: probability of the label under which a reading counts as uncertain.
        view: what is drawn.
    """

    time_constant_s: float = 0.4
    uncertain_below: float = 0.5
    view: View = field(default_factory=View)
