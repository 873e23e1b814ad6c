"""Pictures of every kind become the same upright BGR array; everything else becomes one clear MediaError."""

import io
import random
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from fer_core.errors import MediaError
from fer_core.media.images import ImageLimits, decode_image, encode_png, from_pillow, read_image

DATA = Path(__file__).parent.parent / "data"
DEFAULT = ImageLimits()
WIDTH, HEIGHT = 32, 16
RED, BLUE, WHITE = (0, 0, 255), (255, 0, 0), (255, 255, 255)  # BGR


# Makers of files


def red_and_blue(mode="RGB"):
    """Left half red, right half blue."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "red")
    picture.paste("blue", (WIDTH // 2, 0, WIDTH, HEIGHT))
    return picture.convert(mode)


def saved(picture, kind, **options):
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def png_chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width, height, bits, colour_type, rows, *more):
    """A PNG by hand, for what Pillow does not write. Colour types: 0 grey, 2 RGB, 4 grey and alpha, 6 RGBA."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    chunks = [png_chunk(b"IHDR", header), *more, png_chunk(b"IDAT", data), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def tiff(tags, pixels, order="<"):
    """An uncompressed TIFF by hand; `tags`: {number: (type, value)}, type 1 a byte, 3 a short, 4 a long."""
    tags = dict(sorted({**tags, 273: (4, 8), 279: (4, len(pixels))}.items()))
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + len(pixels))
    directory = struct.pack(order + "H", len(tags))
    for number, (kind, value) in tags.items():
        directory += struct.pack(order + "HHI", number, kind, 1) + struct.pack(
            order + {1: "Bxxx", 3: "Hxx", 4: "I"}[kind], value
        )
    return start + pixels + directory + bytes(4)


def grey_tiff(values, photometric=1, bits=16, sample_format=1, order="<"):
    height, width = values.shape
    tags = {256: width, 257: height, 258: bits, 259: 1, 262: photometric, 277: 1, 278: height, 339: sample_format}
    return tiff({number: (3, value) for number, value in tags.items()}, values.tobytes(), order)


def ycck_jpeg():
    """Luma and chroma of inverted CMYK, as Photoshop writes: a CMYK JPEG of which the Adobe marker is changed."""
    luma = np.asarray(ImageOps.invert(red_and_blue()).convert("YCbCr"))
    stored = np.dstack([luma, np.full((HEIGHT, WIDTH), 255, np.uint8)])  # full K, inverted: no black
    data = bytearray(saved(Image.fromarray(255 - stored, "CMYK"), "JPEG", quality=100, subsampling=0))
    data[data.index(b"Adobe") + 11] = 2
    return bytes(data)


def heic(picture, **options):
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    return saved(picture, "HEIF", **options)


def colours(bgr):
    """Of the middle of the left half and of the right."""
    return [tuple(map(int, bgr[bgr.shape[0] // 2, bgr.shape[1] * part // 4])) for part in (1, 3)]


def assert_close(found, expected, tolerance):
    assert np.abs(np.subtract(found, expected)).max() <= tolerance, f"{found} is not {expected}"


def complaint(data, name="party.png", limits=DEFAULT):
    with pytest.raises(MediaError) as caught:
        decode_image(data, name, limits)
    message = str(caught.value)
    assert message.count("\n") == 0 and message.isprintable()
    assert name in message
    assert message.endswith(".")
    return message


# What can be read


def frames():
    """Options that make Pillow write a second, green frame."""
    return {"save_all": True, "append_images": [Image.new("RGB", (WIDTH, HEIGHT), "lime")], "duration": 100}


RED_AND_BLUE = {  # how it is made, and how far a colour may be off
    "png": (lambda: saved(red_and_blue(), "PNG"), 0),
    "png palette": (lambda: saved(red_and_blue("P"), "PNG"), 0),
    "png 16-bit RGB": (
        lambda: png(32, 16, 16, 2, [struct.pack(">3H", 65535, 0, 0) * 16 + struct.pack(">3H", 0, 0, 65535) * 16] * 16),
        0,
    ),
    "png 16-bit RGBA": (
        lambda: png(
            32,
            16,
            16,
            6,
            [struct.pack(">4H", 65535, 0, 0, 65535) * 16 + struct.pack(">4H", 0, 0, 65535, 65535) * 16] * 16,
        ),
        0,
    ),
    "png animated": (lambda: saved(red_and_blue(), "PNG", **frames()), 0),
    "jpeg": (lambda: saved(red_and_blue(), "JPEG", quality=95), 3),
    "jpeg progressive": (lambda: saved(red_and_blue(), "JPEG", quality=95, progressive=True), 3),
    "jpeg of several pictures, as phones write": (lambda: saved(red_and_blue(), "MPO", quality=95, **frames()), 3),
    "jpeg CMYK": (lambda: saved(red_and_blue("CMYK"), "JPEG", quality=95), 3),
    "jpeg YCCK": (ycck_jpeg, 3),
    "webp": (lambda: saved(red_and_blue(), "WEBP", quality=95), 8),
    "webp lossless": (lambda: saved(red_and_blue(), "WEBP", lossless=True), 0),
    "webp animated": (lambda: saved(red_and_blue(), "WEBP", lossless=True, **frames()), 0),
    "bmp": (lambda: saved(red_and_blue(), "BMP"), 0),
    "bmp palette": (lambda: saved(red_and_blue("P"), "BMP"), 0),
    "gif": (lambda: saved(red_and_blue(), "GIF"), 0),
    "gif animated": (lambda: saved(red_and_blue(), "GIF", **frames()), 0),
    "tiff": (lambda: saved(red_and_blue(), "TIFF"), 0),
    "tiff lzw": (lambda: saved(red_and_blue(), "TIFF", compression="tiff_lzw"), 0),
    "tiff deflate, palette": (lambda: saved(red_and_blue("P"), "TIFF", compression="tiff_adobe_deflate"), 0),
    "tiff jpeg": (lambda: saved(red_and_blue(), "TIFF", compression="jpeg", quality=95), 3),
    "tiff CMYK": (lambda: saved(red_and_blue("CMYK"), "TIFF"), 0),
    "tiff YCbCr": (lambda: saved(red_and_blue("YCbCr"), "TIFF"), 3),
    "tiff of two pages": (lambda: saved(red_and_blue(), "TIFF", **frames()), 0),
    "avif": (lambda: saved(red_and_blue(), "AVIF", quality=95), 8),
    "heic": (lambda: heic(red_and_blue(), quality=95), 8),
}


@pytest.mark.parametrize("case", RED_AND_BLUE)
def test_left_is_red_and_right_is_blue(case):
    make, tolerance = RED_AND_BLUE[case]
    bgr = decode_image(make(), "party")
    assert bgr.shape == (HEIGHT, WIDTH, 3) and bgr.dtype == np.uint8
    assert bgr.flags.c_contiguous and bgr.flags.writeable and bgr.flags.owndata
    assert_close(colours(bgr), [RED, BLUE], tolerance)


def test_tiff_lab():
    lab = ImageCms.profileToProfile(
        red_and_blue(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert_close(colours(decode_image(saved(lab, "TIFF"), "party")), [RED, BLUE], 25)  # 8-bit Lab is coarse


RAMP = np.linspace(0, 65535, 32 * 2).reshape(2, 32).astype(np.uint16)
RAMP_8 = np.rint(RAMP / 257)
GREY_RAMPS = {  # bytes, and the grey that is expected
    "png 8-bit": (saved(Image.fromarray(RAMP_8.astype(np.uint8)), "PNG"), RAMP_8),
    "png 16-bit": (saved(Image.fromarray(RAMP), "PNG"), RAMP_8),
    "jpeg": (saved(Image.fromarray(RAMP_8.astype(np.uint8)), "JPEG", quality=100), RAMP_8),
    "tiff 16-bit": (saved(Image.fromarray(RAMP), "TIFF"), RAMP_8),
    "tiff 16-bit lzw": (saved(Image.fromarray(RAMP), "TIFF", compression="tiff_lzw"), RAMP_8),
    "tiff 16-bit big-endian": (grey_tiff(RAMP.astype(">u2"), order=">"), RAMP_8),
    "tiff 16-bit, white is zero": (grey_tiff(RAMP, photometric=0), 255 - RAMP_8),
    "tiff 8-bit, white is zero": (grey_tiff(RAMP_8.astype(np.uint8), photometric=0, bits=8), 255 - RAMP_8),
    "tiff float from 0 to 1": (grey_tiff((RAMP / 65535).astype("<f4"), bits=32, sample_format=3), RAMP_8),
    "png 16-bit grey with alpha": (
        png(32, 2, 16, 4, [np.dstack([row, np.full(32, 65535)]).astype(">u2").tobytes() for row in RAMP]),
        RAMP_8,
    ),
}


@pytest.mark.parametrize("case", GREY_RAMPS)
def test_grey_is_scaled_and_not_clipped(case):
    data, expected = GREY_RAMPS[case]
    bgr = decode_image(data, "ramp")
    assert (bgr == bgr[:, :, :1]).all()
    assert_close(bgr[:, :, 0], expected, 1)


def test_tiff_12_bit():
    pixels = bytes([0x00, 0x07, 0xFF]) + bytes([0xFF, 0xFF, 0xFF])  # 0, 2047, 4095, 4095
    tags = {256: 4, 257: 1, 258: 12, 259: 1, 262: 1, 277: 1, 278: 1}
    data = tiff({number: (3, value) for number, value in tags.items()}, pixels)
    assert_close(decode_image(data, "scan")[0, :, 0], [0, 127, 255, 255], 1)


def half_transparent(mode, kind, **options):
    """Left half transparent, right half blue."""
    picture = red_and_blue("RGBA")
    picture.paste((10, 20, 30, 0), (0, 0, WIDTH // 2, HEIGHT))
    return saved(picture.convert(mode), kind, **options)


def palette_png(alpha_of_first):
    picture = red_and_blue().quantize(4)
    return saved(
        picture, "PNG", transparency=bytes([alpha_of_first if i == picture.getpixel((0, 0)) else 255 for i in range(4)])
    )


ON_WHITE = {
    "png RGBA": (lambda: half_transparent("RGBA", "PNG"), [WHITE, BLUE]),
    "png palette, one entry clear": (lambda: palette_png(0), [WHITE, BLUE]),
    "png palette, one entry half clear": (lambda: palette_png(128), [(127, 127, 255), BLUE]),
    "png RGB with a key colour": (lambda: saved(red_and_blue(), "PNG", transparency=(255, 0, 0)), [WHITE, BLUE]),
    "png grey and alpha": (lambda: half_transparent("LA", "PNG"), [WHITE, (29, 29, 29)]),
    "png 16-bit grey with a key": (
        lambda: png(2, 1, 16, 0, [struct.pack(">2H", 5000, 32896)], png_chunk(b"tRNS", struct.pack(">H", 5000))),
        [WHITE, (128, 128, 128)],
    ),
    "gif": (lambda: half_transparent("RGBA", "GIF"), [WHITE, BLUE]),
    "webp": (lambda: half_transparent("RGBA", "WEBP", lossless=True), [WHITE, BLUE]),
    "tiff": (lambda: half_transparent("RGBA", "TIFF"), [WHITE, BLUE]),
    "tiff premultiplied grey": (
        lambda: tiff(
            {n: (3, v) for n, v in {256: 2, 257: 1, 258: 8, 259: 1, 262: 1, 277: 2, 278: 1, 338: 1}.items()},
            bytes([0, 0, 50, 128]),
        ),
        [WHITE, (177, 177, 177)],
    ),
    "avif": (lambda: half_transparent("RGBA", "AVIF", quality=100), [WHITE, BLUE]),
    "heic": (lambda: heic(Image.open(BytesIO(half_transparent("RGBA", "PNG"))), quality=100), [WHITE, BLUE]),
}


@pytest.mark.parametrize("case", ON_WHITE)
def test_transparency_is_laid_on_white(case):
    make, expected = ON_WHITE[case]
    assert_close(colours(decode_image(make(), "logo")), expected, 5 if case in ("avif", "heic") else 1)


# How a camera that was held in each of the eight ways stores the upright picture.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", STORED)
def test_every_orientation_gives_the_same_upright_picture(kind, orientation):
    upright = red_and_blue()
    upright.paste("lime", (0, 0, WIDTH, 4))  # an edge that tells the top from the bottom
    stored = upright if STORED[orientation] is None else upright.transpose(STORED[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100, "exif": exif.tobytes(), **({"subsampling": 0} if kind == "JPEG" else {})}
    if kind == "WEBP":
        options["lossless"] = True
    data = heic(stored, **options, chroma=444) if kind == "HEIF" else saved(stored, kind, **options)
    for bgr in (decode_image(data, "phone"), from_pillow(Image.open(BytesIO(data)))):
        assert bgr.shape == (HEIGHT, WIDTH, 3)
        assert_close(bgr[1, 2], (0, 255, 0), 12)
        assert_close(bgr[HEIGHT - 2, 2], RED, 12)
        assert_close(bgr[HEIGHT - 2, WIDTH - 3], BLUE, 12)


def test_broken_exif_does_not_cost_the_picture():
    for exif in (b"Exif\0\0nonsense", b"Exif\0\0II*\0\x08\0\0\0\xff\xff", b"Exif\0\0MM\0*\xff\xff\xff\xff"):
        assert_close(
            colours(decode_image(saved(red_and_blue(), "JPEG", exif=exif, quality=95), "phone")), [RED, BLUE], 3
        )


def swapped_profile():
    """An RGB profile whose red is sRGB's blue and the other way round, to see whether it is used."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    table = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * profile[131], 12)}
    red, blue = table[b"rXYZ"], table[b"bXYZ"]
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return bytes(profile)


def grey_profile():
    """Grey with a gamma of 1, so that a value of 128 is far lighter than in sRGB."""
    profile = bytearray(128 + 4 + 2 * 12)
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    curve = b"curv\0\0\0\0" + struct.pack(">I", 0)
    struct.pack_into(">I4sI4s4s4s", profile, 0, 0, b"lcms", 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    profile[36:40] = b"acsp"
    profile[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    struct.pack_into(">I", profile, 128, 2)
    struct.pack_into(">4sII4sII", profile, 132, b"wtpt", 156, len(white), b"kTRC", 156 + len(white), len(curve))
    profile += white + curve
    struct.pack_into(">I", profile, 0, len(profile))
    return bytes(profile)


PROFILES = {
    "png": lambda: saved(red_and_blue(), "PNG", icc_profile=swapped_profile()),
    "jpeg": lambda: saved(red_and_blue(), "JPEG", icc_profile=swapped_profile(), quality=95),
    "webp": lambda: saved(red_and_blue(), "WEBP", icc_profile=swapped_profile(), lossless=True),
    "tiff": lambda: saved(red_and_blue(), "TIFF", icc_profile=swapped_profile()),
    "avif": lambda: saved(red_and_blue(), "AVIF", icc_profile=swapped_profile(), quality=100),
    "heic": lambda: heic(red_and_blue(), icc_profile=swapped_profile(), quality=100),
    "png palette": lambda: saved(red_and_blue("P"), "PNG", icc_profile=swapped_profile()),
    "png RGBA": lambda: saved(red_and_blue("RGBA"), "PNG", icc_profile=swapped_profile()),
}


@pytest.mark.parametrize("case", PROFILES)
def test_an_embedded_profile_is_converted_to_srgb(case):
    assert_close(colours(decode_image(PROFILES[case](), "wide gamut")), [BLUE, RED], 12)


def test_a_grey_profile_is_converted_to_srgb():
    data = saved(Image.new("L", (4, 4), 128), "PNG", icc_profile=grey_profile())
    assert_close(decode_image(data, "linear")[0, 0], (188, 188, 188), 2)


@pytest.mark.parametrize(
    "profile", [b"nonsense", swapped_profile()[:200], grey_profile()], ids=["no", "cut", "of grey"]
)
def test_a_profile_that_does_not_fit_is_ignored(profile):
    assert colours(decode_image(saved(red_and_blue(), "PNG", icc_profile=profile), "party")) == [RED, BLUE]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF"])
def test_bytes_after_the_picture_do_no_harm(kind):
    data = saved(red_and_blue(), kind)
    assert (decode_image(data + b"\0 and a film behind it" * 50, "motion") == decode_image(data, "still")).all()


def test_what_the_name_says_does_not_matter():
    assert colours(decode_image(saved(red_and_blue(), "PNG"), "party.jpg")) == [RED, BLUE]


def test_read_image_and_encode_png_give_back_the_same_pixels(tmp_path):
    bgr = read_image(DATA / "astronaut.png")
    assert bgr.shape == (512, 512, 3)
    assert bgr[400:440, 140:180, 2].mean() > 1.5 * bgr[400:440, 140:180, 0].mean()  # the suit is orange
    (tmp_path / "copy.png").write_bytes(encode_png(bgr))
    assert (read_image(tmp_path / "copy.png") == bgr).all()


def test_a_view_can_be_encoded():
    bgr = np.random.default_rng(0).integers(0, 256, (9, 7, 3), np.uint8)
    assert (decode_image(encode_png(bgr[1:6:2, ::-1]), "view") == bgr[1:6:2, ::-1]).all()


# What cannot be read


def cut(data):
    return data[: len(data) * 2 // 3]


REFUSED = {  # what is in it, and words of the reason
    "empty": (lambda: b"", "is empty"),
    "text": (lambda: b"Dear all,\n" * 30, "is not a picture that can be read here; save it as PNG or JPEG."),
    "zeros": (lambda: bytes(1000), "is not a picture"),
    "photoshop": (lambda: b"8BPS\0\x01" + bytes(100), "is not a picture"),
    "postscript, which Pillow would run": (
        lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "is not a picture",
    ),
    "pdf": (lambda: b"%PDF-1.7\n", "is not a picture"),
    "ppm, which Pillow reads": (lambda: saved(red_and_blue(), "PPM"), "is not a picture"),
    "ico, which Pillow reads": (lambda: saved(red_and_blue(), "ICO"), "is not a picture"),
    "film": (lambda: b"\0\0\0\x18ftypisom\0\0\0\0isommp41" + bytes(100), "is not a picture"),
    "sound in RIFF": (lambda: b"RIFF\x24\0\0\0WAVEfmt ", "is not a picture"),
    "png signature alone": (lambda: b"\x89PNG\r\n\x1a\n", "is damaged"),
    "jpeg start alone": (lambda: b"\xff\xd8\xff\xe0", "is damaged"),
    "png with a wrong checksum": (lambda: saved(red_and_blue(), "PNG").replace(b"IDATx", b"IDATy"), "is damaged"),
    "png cut": (lambda: cut(saved(red_and_blue(), "PNG")), "is damaged"),
    "jpeg cut": (lambda: cut(saved(Image.effect_noise((64, 64), 90), "JPEG")), "is damaged or cut short"),
    "jpeg progressive cut": (
        lambda: cut(saved(Image.effect_noise((64, 64), 90), "JPEG", progressive=True)),
        "cut short",
    ),
    "webp cut": (lambda: cut(saved(Image.effect_noise((64, 64), 90).convert("RGB"), "WEBP")), "is damaged"),
    "gif cut": (lambda: cut(saved(Image.effect_noise((64, 64), 90), "GIF")), "is damaged or cut short"),
    "bmp cut": (lambda: cut(saved(red_and_blue(), "BMP")), "is damaged or cut short"),
    "tiff cut": (lambda: cut(saved(red_and_blue(), "TIFF")), "is damaged"),
    "tiff lzw cut": (lambda: cut(saved(red_and_blue(), "TIFF", compression="tiff_lzw")), "is damaged"),
    "avif cut": (lambda: cut(saved(Image.effect_noise((64, 64), 90).convert("RGB"), "AVIF")), "is damaged"),
    "heic cut": (lambda: cut(heic(Image.effect_noise((64, 64), 90).convert("RGB"))), "is damaged"),
    "tiff of whole numbers": (lambda: grey_tiff(np.array([[0, 70000]], "<u4"), bits=32), "measurements"),
    "tiff of heights in metres": (
        lambda: grey_tiff(np.array([[0, 900]], "<f4"), bits=32, sample_format=3),
        "measurements",
    ),
    "tiff with no number in it": (
        lambda: grey_tiff(np.array([[0, np.nan]], "<f4"), bits=32, sample_format=3),
        "measurements",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_one_sentence(case):
    make, reason = REFUSED[case]
    assert reason in complaint(make())


def gif_with_a_large_frame():
    """The canvas is small, but the first frame, to be cleared after it was shown, is 65535 x 65535."""
    control = b"!\xf9\x04" + bytes([2 << 2, 0, 0, 0]) + b"\0"
    frame = b"," + struct.pack("<4HB", 0, 0, 65535, 65535, 0) + b"\x02\x02\x4c\x01\0;"
    return b"GIF89a" + struct.pack("<2HBBB", 1, 1, 0x80, 0, 0) + bytes(6) + control + frame


def webp_header(width, height):
    size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size + b"ANIM" + struct.pack("<I", 6) + bytes(6)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def patched_avif(width, height):
    data = saved(red_and_blue(), "AVIF")
    return data.replace(
        b"ispe\0\0\0\0" + struct.pack(">2I", WIDTH, HEIGHT), b"ispe\0\0\0\0" + struct.pack(">2I", width, height)
    )


LARGE_TAGS = {256: 50000, 257: 50000, 258: 8, 262: 1, 277: 1, 278: 50000}

BOMBS = {  # how many pixels they declare; None where another reason is given
    "png": (lambda: png(60000, 60000, 8, 0, []), 3_600_000_000),
    "png, just above": (lambda: png(50001, 1000, 1, 0, []), 50_001_000),
    "png beyond any memory": (lambda: png(2**31 - 1, 2**31 - 1, 8, 6, []), (2**31 - 1) ** 2),
    "jpeg": (
        lambda: saved(red_and_blue(), "JPEG").replace(b"\x08\0\x10\0\x20\x03", b"\x08\xff\xff\xff\xff\x03"),
        65535**2,
    ),
    "gif canvas": (
        lambda: b"GIF89a" + struct.pack("<2HBBB", 65535, 65535, 0, 0, 0) + b"," + bytes(9) + b"\x02\0;",
        65535**2,
    ),
    "gif frame": (gif_with_a_large_frame, 65535**2),
    "bmp": (lambda: b"BM" + struct.pack("<IIIIiiHHIIIIII", 0, 0, 54, 40, 2**20, 2**20, 1, 24, 0, 0, 0, 0, 0, 0), 2**40),
    "tiff": (lambda: tiff({number: (4, value) for number, value in LARGE_TAGS.items()}, b"\0"), 2_500_000_000),
    "webp": (lambda: webp_header(2**24, 2**24), None),
    "webp within the format's limit": (lambda: webp_header(16383, 16383), None),
    "avif": (lambda: patched_avif(60000, 60000), None),
    "avif within the decoder's limit": (lambda: patched_avif(16000, 16000), 256_000_000),
    "png text": (
        lambda: png(1, 1, 8, 0, [b"\0"], png_chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(20_000_000)))),
        None,
    ),
    "png profile": (
        lambda: png(1, 1, 8, 0, [b"\0"], png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(20_000_000)))),
        None,
    ),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_is_refused_by_its_header(case):
    make, pixels = BOMBS[case]
    message = complaint(make())
    if pixels is not None:
        assert f"has {pixels:,} pixels, more than the 50,000,000 allowed" in message


@pytest.mark.parametrize("width", [(4, 60000), (1, 255)], ids=["large", "of a type that is no number to Pillow"])
def test_a_tiff_of_senseless_tiles_is_refused(width):
    tags = {256: 4, 257: 4, 258: 8, 259: 5, 262: 1, 277: 1, 323: 2_000_000_000, 324: 8, 325: 4}
    data = tiff({**{number: (4, value) for number, value in tags.items()}, 322: width}, bytes(4))
    assert "senseless tiles" in complaint(data)


def test_a_tiff_that_draws_one_strip_again_and_again_is_refused():
    count, pixels = 4000, bytes(64)
    start = 8 + len(pixels)
    tags = {256: (3, 8), 257: (3, 8), 258: (3, 8), 259: (3, 1), 262: (3, 1), 277: (3, 1), 278: (3, 7)}
    data = b"II*\0" + struct.pack("<I", start + 4 * count) + pixels + struct.pack("<I", 8) * count
    data += struct.pack("<H", len(tags) + 1)
    for number, (kind, value) in sorted([*tags.items(), (273, (4, start))]):
        data += struct.pack("<HHII", number, kind, count if number == 273 else 1, value)
    assert "senseless tiles" in complaint(data + bytes(4))


def test_a_jpeg_of_a_thousand_scans_is_refused():
    data = saved(red_and_blue(), "JPEG", progressive=True)
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    assert colours(decode_image(data[:-2] + last_scan * 20 + b"\xff\xd9", "many"))
    assert "very long" in complaint(data[:-2] + last_scan * 1000 + b"\xff\xd9")
    hidden = b"\xff\xfe\0\x04\xff\xd9"  # a comment that looks like the end
    assert "very long" in complaint(data[:-2] + (hidden + last_scan) * 1000 + b"\xff\xd9")


def test_scans_in_metadata_do_not_count():
    comment = b"\xff\xfe" + struct.pack(">H", 2 + 2 * 5000) + b"\xff\xda" * 5000
    data = saved(red_and_blue(), "JPEG", quality=95)
    assert_close(colours(decode_image(data[:2] + comment + data[2:], "thumbnail")), [RED, BLUE], 3)


@pytest.mark.parametrize("pillows", [10, 300, None])
def test_our_limit_decides_and_pillows_is_left_as_it_was(monkeypatch, recwarn, pillows):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pillows)
    data = saved(red_and_blue(), "PNG")  # 512 pixels
    assert decode_image(data, "party", ImageLimits(max_pixels=512)).shape == (HEIGHT, WIDTH, 3)
    assert "512 pixels, more than the 300 allowed" in complaint(data, limits=ImageLimits(max_pixels=300))
    assert "512 pixels, more than the 200 allowed" in complaint(data, limits=ImageLimits(max_pixels=200))
    left_as = Image.MAX_IMAGE_PIXELS
    assert left_as == pillows
    assert not recwarn.list


def test_exactly_the_limit_is_allowed():
    data = saved(red_and_blue(), "PNG")
    limits = ImageLimits(max_bytes=len(data), max_pixels=WIDTH * HEIGHT)
    assert decode_image(data, "party", limits).shape == (HEIGHT, WIDTH, 3)
    message = complaint(data, limits=ImageLimits(max_bytes=len(data) - 1))
    assert f"has {len(data)} bytes, more than the {len(data) - 1} allowed" in message


def test_running_out_of_memory_is_said(monkeypatch):
    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(np, "empty", fail)
    assert "more memory than there is" in complaint(saved(red_and_blue(), "PNG"))


def test_heic_without_its_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr("fer_core.media.images.heic_can_be_read", lambda: False)
    assert "pillow-heif" in complaint(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "phone.heic")


NAMES = {
    "../../etc/face.txt": "face.txt is",
    "C:\\fakepath\\face.txt": "face.txt is",
    "two\nlines\x1b[31m.txt": "two\N{REPLACEMENT CHARACTER}lines\N{REPLACEMENT CHARACTER}[31m.txt is",
    "\N{RIGHT-TO-LEFT OVERRIDE}txt.exe": "\N{REPLACEMENT CHARACTER}txt.exe is",
    "lone \udcff.txt": "lone \N{REPLACEMENT CHARACTER}.txt is",
    "Grüße 日本.txt": "Grüße 日本.txt is",
    "": "The picture is",
    "/": "The picture is",
    "x" * 5000: "x" * 60 + "…",
}


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:30])
def test_a_name_is_made_harmless(name):
    with pytest.raises(MediaError) as caught:
        decode_image(b"nothing", name)
    message = str(caught.value)
    assert message.startswith(NAMES[name])
    assert message.isprintable() and message.encode() and len(message) < 250


def refused_path(path):
    with pytest.raises(MediaError) as caught:
        read_image(path)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_paths_that_cannot_be_read(tmp_path, monkeypatch):
    assert "missing.png does not exist" in refused_path(tmp_path / "missing.png")
    assert "is a folder" in refused_path(tmp_path)
    assert "cannot be read" in refused_path(tmp_path / "nul\0.png")
    assert "cannot be read" in refused_path(tmp_path / ("x" * 5000))
    (tmp_path / "face.png").write_bytes(b"")
    assert "face.png is empty" in refused_path(tmp_path / "face.png")
    assert "cannot be read" in refused_path(tmp_path / "face.png" / "inside.png")

    def deny(*_):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "face.png").write_bytes(b"x")
    monkeypatch.setattr(Path, "open", deny)
    assert "face.png may not be read" in refused_path(tmp_path / "face.png")


def test_a_file_too_large_is_not_even_read(tmp_path, monkeypatch):
    class Unread(io.FileIO):
        def read(self, *_):
            pytest.fail("it was read")

    (tmp_path / "face.png").write_bytes(bytes(11))
    monkeypatch.setattr(Path, "open", lambda path, _: Unread(path))
    with pytest.raises(MediaError, match=r"face\.png has 11 bytes, more than the 10 allowed"):
        read_image(tmp_path / "face.png", ImageLimits(max_bytes=10))


def test_a_pipe_is_not_waited_for(tmp_path):
    import os

    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes in this file system")
    os.mkfifo(tmp_path / "pipe.png")
    assert "not a regular file" in refused_path(tmp_path / "pipe.png")


def test_threads_do_not_disturb_each_other():
    data, errors = saved(red_and_blue(), "PNG"), []

    def work():
        try:
            for _ in range(20):
                assert colours(decode_image(data, "party")) == [RED, BLUE]
        except BaseException as error:
            errors.append(error)

    before, threads = (
        (Image.MAX_IMAGE_PIXELS, list(warnings.filters)),
        [threading.Thread(target=work) for _ in range(4)],
    )
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert (Image.MAX_IMAGE_PIXELS, list(warnings.filters)) == before


# Whatever the bytes: a picture or a MediaError


def seeds():
    photo = Image.open(DATA / "astronaut.png").resize((24, 24))
    exif = Image.Exif()
    exif[0x0112] = 6
    more = {"exif": exif.tobytes(), "icc_profile": swapped_profile()}
    frames = {"save_all": True, "append_images": [photo.rotate(90)], "duration": 100}
    return {
        "png": saved(photo, "PNG", **more),
        "png palette": saved(photo.quantize(16), "PNG", transparency=3),
        "png grey 16-bit": saved(Image.fromarray(RAMP), "PNG"),
        "png animated": saved(photo, "PNG", **frames),
        "jpeg": saved(photo, "JPEG", **more),
        "jpeg progressive": saved(photo, "JPEG", progressive=True),
        "jpeg CMYK": saved(photo.convert("CMYK"), "JPEG"),
        "jpeg of two": saved(photo, "MPO", **frames),
        "webp": saved(photo, "WEBP", **more),
        "webp animated": saved(photo, "WEBP", **frames),
        "gif": saved(photo, "GIF", **frames),
        "bmp": saved(photo, "BMP"),
        "tiff": saved(photo, "TIFF", **more),
        "tiff lzw": saved(photo, "TIFF", compression="tiff_lzw"),
        "tiff jpeg": saved(photo, "TIFF", compression="jpeg"),
        "tiff grey 16-bit": saved(Image.fromarray(RAMP), "TIFF"),
        "tiff float": grey_tiff((RAMP / 65535).astype("<f4"), bits=32, sample_format=3),
        "avif": saved(photo, "AVIF", **more),
        **({"heic": heic(photo, **more)} if find_spec("pillow_heif") else {}),
    }


def damaged(data, random_):
    """A few changed bytes, most of them near the start where the structure is; or a cut; or a piece twice."""
    data = bytearray(data)
    kind = random_.random()
    if kind < 0.25:
        return bytes(data[: random_.randrange(len(data))])
    if kind < 0.35:
        at = random_.randrange(len(data))
        return bytes(data[:at] + data[max(0, at - 40) :])
    for _ in range(random_.choice([1, 1, 2, 4, 16])):
        at = random_.randrange(len(data) if random_.random() < 0.4 else min(len(data), 200))
        data[at] = random_.choice(
            [0, 1, 0x7F, 0x80, 0xFF, random_.randrange(256), data[at] ^ 1 << random_.randrange(8)]
        )
    return bytes(data)


SEEDS = seeds()


@pytest.mark.parametrize("seed", SEEDS)
def test_damage_gives_a_picture_or_a_media_error(seed, recwarn):
    random_ = random.Random(seed)
    refusals = 0
    for _ in range(60):
        data = damaged(SEEDS[seed], random_)
        try:
            bgr = decode_image(data, "party", ImageLimits(max_pixels=1_000_000))
        except MediaError:
            refusals += 1
        else:
            assert bgr.dtype == np.uint8 and bgr.ndim == 3 and bgr.shape[2] == 3 and bgr.size > 0
    assert refusals > 0
    assert not recwarn.list


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cut_file_never_gives_half_a_picture(seed):
    data = SEEDS[seed]
    whole = decode_image(data, "party")
    for length in range(0, len(data), max(1, len(data) // 40)):
        try:
            bgr = decode_image(data[:length], "party")
        except MediaError:
            continue
        assert np.array_equal(bgr, whole), length  # what was cut off was not of the picture


# Colours that the file says something about


def test_a_gamma_that_is_not_the_usual_one_is_applied():
    """A PNG whose numbers are proportional to light: half the light is 188 in sRGB."""
    rows = [bytes([128] * 3 * WIDTH)] * HEIGHT
    linear = png(WIDTH, HEIGHT, 8, 2, rows, png_chunk(b"gAMA", struct.pack(">I", 100_000)))
    usual = png(WIDTH, HEIGHT, 8, 2, rows, png_chunk(b"gAMA", struct.pack(">I", 45_455)))
    srgb = png(WIDTH, HEIGHT, 8, 2, rows, png_chunk(b"sRGB", b"\0"), png_chunk(b"gAMA", struct.pack(">I", 100_000)))
    assert decode_image(linear, "a.png")[0, 0].tolist() == pytest.approx([186] * 3, abs=2)
    assert decode_image(usual, "a.png")[0, 0].tolist() == decode_image(srgb, "a.png")[0, 0].tolist() == [128] * 3


def test_a_png_of_high_dynamic_range_is_brought_to_ordinary():
    """58 % of PQ is the reference white; a third of that light is 161 on an ordinary display."""
    rows = [bytes([round(255 * 0.4704)] * 3 * WIDTH)] * HEIGHT  # 68 cd/m²
    data = png(WIDTH, HEIGHT, 8, 2, rows, png_chunk(b"cICP", bytes([9, 16, 0, 1])))
    assert decode_image(data, "a.png")[0, 0].tolist() == pytest.approx([161] * 3, abs=4)


def test_an_avif_of_high_dynamic_range_is_brought_to_ordinary():
    picture = Image.new("RGB", (64, 64), (120, 120, 120))
    data = bytearray(saved(picture, "AVIF", quality=100))
    place = data.index(b"colrnclx")
    data[place + 8 : place + 12] = bytes([0, 9, 0, 16])
    seen = decode_image(bytes(data), "a.avif")[32, 32]
    assert seen.tolist() == pytest.approx([161] * 3, abs=6)


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
def test_colours_of_what_else_is_in_the_file_are_not_those_of_the_picture(kind):
    """As of an HDR rendition that lies beside the ordinary picture."""
    picture = Image.new("RGB", (64, 64), (180, 121, 91))
    data = heic(picture) if kind == "HEIF" else saved(picture, kind, quality=100)
    foreign = b"colrnclx" + bytes([0, 9, 0, 16, 0, 9, 128])
    box = (8 + len(foreign)).to_bytes(4, "big") + b"free" + foreign
    length = int.from_bytes(data[:4], "big")
    for made in (data[:length] + box + data[length:], data + box):
        try:
            seen = decode_image(made, f"a.{kind.lower()}")
        except MediaError:  # places of the pixels are counted from the start of the file
            continue
        assert_close(seen[32, 32], [91, 121, 180], 6)
        break
    else:
        pytest.fail("neither file can be read")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_large_picture_takes_little_more_than_its_pixels(tmp_path):
    Image.new("RGB", (6000, 5000), (120, 90, 60)).save(tmp_path / "large.jpg")
    code = (
        "import sys; from pathlib import Path; from fer_core.media.images import read_image\n"
        "status = Path('/proc/self/status')\n"
        "most = lambda: 1024 * int(status.read_text().split('VmHWM:')[1].split()[0])\n"
        "before = most(); shape = read_image(Path(sys.argv[1])).shape; print(shape[0], most() - before)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "large.jpg")], capture_output=True, text=True)
    rows, grown = map(int, done.stdout.split())
    assert rows == 5000 and grown < 9 * 6000 * 5000  # Pillow keeps 4 bytes a pixel, the array 3


def test_libtiff_writes_nothing_beside_our_sentence(capfd):
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    data = bytearray(saved(Image.fromarray(noise), "TIFF", compression="tiff_lzw"))
    data[5000:9000] = b"\xff" * 4000
    assert "damaged" in complaint(bytes(data), "scan.tif")
    assert capfd.readouterr().err == ""
