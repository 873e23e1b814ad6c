"""Colour of recordings: high dynamic range and wide gamut, brought to what an ordinary display shows.

The light of a pixel is computed as ITU-R BT.2100 says (PQ, which is SMPTE ST 2084, and HLG with its OOTF), related to
the reference white of ITU-R BT.2408 (203 cd/m²), and what is brighter is rolled off by the curve of ITU-R BT.2390
(EETF, on the largest of the three channels, so that hues stay). Then the primaries become those of BT.709, and the
signal that of BT.1886 (gamma 2.4), the display that ordinary recordings are made for. Below about 80 cd/m² the curve
changes nothing.

Code points are those of ITU-T H.273, which FFmpeg uses as well. Needs nothing but numpy: the decoding process loads it.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

PQ, HLG, LINEAR = 16, 18, 8
KNOWN_TRANSFERS: Final = frozenset({0, 1, 2, 4, 5, 6, 7, 11, 12, 13, 14, 15, PQ, HLG, LINEAR})
"""Transfer functions that are honoured: these three, and gamma curves near that of an ordinary display."""

WHITE_NITS: Final = 203.0
PEAK_NITS: Final = 1000.0
"""Peak of a recording that does not say its own, and of the display that HLG is shown on; cd/m²."""

DISPLAY_GAMMA: Final = 2.4
HLG_GAMMA: Final = 1.2

_BT709: Final = 1
_PRIMARIES: Final = {  # red, green, blue, white: x and y of CIE 1931
    _BT709: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060), (0.3127, 0.3290)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), (0.3127, 0.3290)),  # BT.2020
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),  # DCI-P3
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.3127, 0.3290)),  # Display P3
}
_CODES: Final = 65536


def needs_conversion(transfer: int, primaries: int) -> bool:
    """Whether the colours of a recording are other than those of an ordinary display."""
    return transfer in (PQ, HLG, LINEAR) or primaries in (9, 11, 12)


def to_ordinary(rgb: NDArray[np.uint16], transfer: int, primaries: int, peak_nits: float) -> NDArray[np.uint8]:
    """Convert a picture to BT.709 primaries and the signal of an ordinary display.

    Args:
        rgb: uint16 (H, W, 3) RGB, full range.
        transfer: code point of the transfer function.
        primaries: code point of the primaries; those that are not known count as BT.709.
        peak_nits: brightest light in the recording, cd/m²; for HLG it is always 1,000.

    Returns:
        uint8 (H, W, 3) BGR.
    """
    light = _light(transfer)[rgb]
    if transfer == HLG:
        luminance = light @ np.array(_to_xyz(primaries)[1], np.float32)
        light *= (np.maximum(luminance, 1e-6) ** np.float32(HLG_GAMMA - 1) * np.float32(PEAK_NITS / WHITE_NITS))[
            ..., None
        ]
        peak_nits = PEAK_NITS
    if transfer in (PQ, HLG) and peak_nits > WHITE_NITS:
        brightest = np.minimum(light.max(axis=2), np.float32(peak_nits / WHITE_NITS))
        light *= _roll_off(peak_nits)[_root_code(brightest * np.float32(WHITE_NITS / peak_nits))][..., None]
    if primaries in _PRIMARIES and primaries != _BT709:
        light = light @ np.array(np.linalg.inv(_to_xyz(_BT709)) @ _to_xyz(primaries), np.float32).T
    return np.ascontiguousarray(_signal()[_root_code(light)][:, :, ::-1])


def pq_nits(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light in cd/m² of a PQ signal from 0 to 1 (ST 2084's EOTF)."""
    power = signal ** (1 / 78.84375)
    return 10000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)


def pq_signal(nits: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of `pq_nits`."""
    power = (np.maximum(nits, 0) / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375


def hlg_scene(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light of the scene, 0 to 1, of an HLG signal from 0 to 1 (the inverse of BT.2100's OETF)."""
    a = 0.17883277
    b, c = 1 - 4 * a, 0.5 - a * np.log(4 * a)
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)


def roll_off_nits(nits: NDArray[np.float64], peak_nits: float) -> NDArray[np.float64]:
    """What BT.2390's EETF makes of light up to `peak_nits`, so that it ends at the reference white; cd/m²."""
    top = float(pq_signal(np.array(peak_nits)))
    end = float(pq_signal(np.array(WHITE_NITS))) / top
    knee = 1.5 * end - 0.5
    signal = np.clip(pq_signal(nits) / top, 0, 1)
    t = np.clip((signal - knee) / (1 - knee), 0, 1)
    rolled = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * end
    return pq_nits(np.where(signal < knee, signal, rolled) * top)


@cache
def _light(transfer: int) -> NDArray[np.float32]:
    """By 16-bit code: light relative to the reference white; for HLG, of the scene."""
    signal = np.linspace(0, 1, _CODES)
    if transfer == PQ:
        return (pq_nits(signal) / WHITE_NITS).astype(np.float32)
    if transfer == HLG:
        return hlg_scene(signal).astype(np.float32)
    return (signal if transfer == LINEAR else signal**DISPLAY_GAMMA).astype(np.float32)


@cache
def _roll_off(peak_nits: float) -> NDArray[np.float32]:
    """By `_root_code` of the light over the peak: what light is to be multiplied with."""
    nits = (np.arange(_CODES) / (_CODES - 1)) ** 2 * peak_nits
    return (roll_off_nits(nits, peak_nits) / np.maximum(nits, 1e-9)).astype(np.float32)


@cache
def _signal() -> NDArray[np.uint8]:
    """By `_root_code` of the light: the signal of an ordinary display."""
    return np.rint(255 * np.linspace(0, 1, _CODES) ** (2 / DISPLAY_GAMMA)).astype(np.uint8)


def _root_code(light: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The square root of light from 0 to 1 in 16 bits, so that dark tones have codes enough."""
    return (np.sqrt(np.clip(light, 0, 1)) * np.float32(_CODES - 1) + np.float32(0.5)).astype(np.uint16)


@cache
def _to_xyz(primaries: int) -> NDArray[np.float64]:
    """The matrix from linear RGB to CIE XYZ; its second row gives the luminance."""
    *colours, white = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in _PRIMARIES.get(primaries, _PRIMARIES[_BT709]))
    matrix = np.stack(colours, axis=1)
    return np.asarray(matrix * np.linalg.solve(matrix, white))
