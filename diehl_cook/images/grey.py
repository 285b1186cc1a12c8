"""Pictures of more than eight bits a pixel, which Pillow would cut off at 255."""

import numpy as np
from PIL import Image

_LARGEST = 65535


def in_eight_bits(picture: Image.Image) -> Image.Image:
    """Make a picture of 16 bits a pixel one of eight; others are left as they are.

    Raises
    ------
    ValueError
        If its pixels are of another kind: of more bits, or with fractions.
    """
    if not picture.mode.startswith(("I", "F")):
        return picture
    pixels = np.asarray(picture)
    if picture.mode == "F" or pixels.min() < 0 or pixels.max() > _LARGEST:
        raise ValueError(
            "has pixels beyond 16 bits, or fractions; save it with 8 or 16 bits a pixel"
        )
    return Image.fromarray((pixels // 257).astype(np.uint8))
