"""Drawing a picture anew in two sizes, with Pillow.

Only the plugin of the format that was recognised ever sees the bytes. Hostile bytes may make
Pillow raise anything; nothing but Refused leaves here.
"""

from __future__ import annotations

import io
import warnings

from PIL import GifImagePlugin, Image, ImageCms, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from PIL.ImageFile import ImageFile

from node.photos import Picture, Prepared
from node.photos.checking import GIF, JPEG, PNG, WEBP
from protocol.errors import Refused
from protocol.kinds.listing import LARGE_BYTES, SMALL_BYTES

MAX_PIXELS = 100_000_000
LONGEST = 20  # times the shorter side
LARGE, SMALL = 1600, 480  # pixels of the longer side
QUALITIES = (80, 70, 60, 50, 40)
MAX_PROFILE = 4 * 1024 * 1024  # bytes of a colour profile

_READERS: dict[str, type[ImageFile]] = {
    JPEG: JpegImagePlugin.JpegImageFile,
    PNG: PngImagePlugin.PngImageFile,
    WEBP: WebPImagePlugin.WebPImageFile,
    GIF: GifImagePlugin.GifImageFile,
}
_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}


def draw(kind: str, data: bytes) -> Prepared:
    """Both renditions of a picture of this format; Refused as `photos.prepare` says."""
    # Pillow warns about much that it then copes with. Added anew each time, as it may be undone.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        picture = _pixels(_open(kind, data))
        large = _fit(picture, LARGE, LARGE_BYTES)
        if max(large.width, large.height) <= SMALL and len(large.data) <= SMALL_BYTES:
            return Prepared(small=large, large=large)
        return Prepared(small=_fit(picture, SMALL, SMALL_BYTES), large=large)
    except Refused:
        raise
    except Exception as error:
        text = str(error).lower()
        if "truncated" in text or isinstance(error, EOFError):
            raise Refused(
                "cut-off",
                "The picture is cut off: a part of it is missing. Copy it again from where it "
                "came.",
            ) from error
        raise Refused(
            "broken-picture",
            "The picture is damaged and can't be read. Open it in an image program and save it "
            "anew, or take another one.",
        ) from error


def _open(kind: str, data: bytes) -> ImageFile:
    """The picture with its header read; its size and shape are checked before a pixel is."""
    image = _READERS[kind](io.BytesIO(data))
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise Refused(
            "too-many-pixels",
            "The picture has %(width)s times %(height)s pixels; at most 100 million fit. Make it "
            "smaller and try again.",
            width=width,
            height=height,
        )
    if min(width, height) < 1 or max(width, height) > LONGEST * min(width, height):
        raise Refused(
            "odd-shape",
            "The picture has %(width)s times %(height)s pixels: too narrow to be shown. Cut it to "
            "a calmer shape and try again.",
            width=width,
            height=height,
        )
    if kind != JPEG and getattr(image, "is_animated", False):
        raise Refused(
            "moving", "The picture moves; listings show still ones. Save one frame as JPEG or PNG."
        )
    return image


def _pixels(image: ImageFile) -> Image.Image:
    """The picture as sRGB pixels, upright, on white, no larger than needed, and nothing else."""
    turn, profile = _turn_of(image), image.info.get("icc_profile")
    image.draft(None, (LARGE, LARGE))  # a JPEG decodes straight to a half, a quarter or an eighth
    image.load()
    drawn: Image.Image = image
    if drawn.mode in ("I", "I;16", "I;16L", "I;16B", "I;16N", "F"):
        drawn = drawn.convert("I").point(lambda level: level / 256).convert("L")
    elif drawn.mode not in ("RGB", "RGBA", "L", "LA", "CMYK"):
        alpha = "transparency" in drawn.info or drawn.mode in ("PA", "La", "RGBa")
        drawn = drawn.convert("RGBA" if alpha else "RGB")
    elif "transparency" in drawn.info:
        drawn = drawn.convert("RGBA")
    if max(drawn.size) > LARGE:
        drawn.thumbnail((LARGE, LARGE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    if turn is not None:
        drawn = drawn.transpose(turn)
    if drawn.mode in ("LA", "RGBA"):
        drawn = _on_white(drawn)
    drawn = _srgb(drawn, profile)
    bare = Image.new("RGB", drawn.size)
    bare.paste(drawn)
    return bare


def _turn_of(image: ImageFile) -> Image.Transpose | None:
    """How the camera was held; upright when what the file says about it can't be read."""
    try:
        return _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception as error:  # noqa: BLE001 - whatever Pillow makes of bytes it can't read
        del error
        return None


def _on_white(image: Image.Image) -> Image.Image:
    """Without transparency: a drawing with black lines must not vanish on a dark page."""
    seen = image.convert("RGBA")
    white = Image.new("RGBA", seen.size, "white")
    return Image.alpha_composite(white, seen).convert("RGB")


def _srgb(image: Image.Image, profile: object) -> Image.Image:
    """The picture in sRGB; as it is where its profile is absent, odd or of another colour space."""
    if isinstance(profile, bytes) and 0 < len(profile) <= MAX_PROFILE:
        try:
            found = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if found.profile.xcolor_space == _SPACES.get(image.mode):
                converted = ImageCms.profileToProfile(
                    image, found, ImageCms.createProfile("sRGB"), outputMode="RGB"
                )
                if converted is not None:
                    return converted
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # an odd profile only makes the colours a little less true
    return image.convert("RGB")


def _fit(picture: Image.Image, side: int, limit: int) -> Picture:
    """As WebP within `side` pixels and `limit` bytes: less quality first, then fewer pixels."""
    while True:
        drawn = picture.copy()
        drawn.thumbnail((side, side), Image.Resampling.LANCZOS)
        for quality in QUALITIES:
            out = io.BytesIO()
            drawn.save(out, "WEBP", quality=quality, method=4)
            if out.tell() <= limit:
                return Picture(data=out.getvalue(), width=drawn.width, height=drawn.height)
        side = max(drawn.size) * 3 // 4
