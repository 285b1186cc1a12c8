"""Pictures as they are looked at: a camera notes how it was held and leaves pixels as they are."""

import contextlib

from PIL import Image, ImageOps


def upright(picture: Image.Image) -> Image.Image:
    """Turn a picture as its EXIF data say; where they are damaged or say nothing, it stays."""
    with contextlib.suppress(Exception):  # damaged ones fail in many ways
        return ImageOps.exif_transpose(picture)
    return picture
