"""Vectors of pixels as pictures: their shape, and many of them in one grid."""

from math import ceil, isqrt, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray


def as_pictures(
    images: ArrayLike, image_shape: tuple[int, int] | None = None
) -> NDArray[np.float64]:
    """Images as an array of pictures.

    Parameters
    ----------
    images : array (n_images, n_pixels) or (n_images, height, width)
    image_shape : (height, width), optional
        By default the shape the array has, or the square of n_pixels.

    Returns
    -------
    array (n_images, height, width)

    Raises
    ------
    ValueError
        If the pixels do not fill `image_shape`, or are no square and no shape is given.
    """
    pictures = np.asarray(images, dtype=float)
    if pictures.ndim not in (2, 3):
        raise ValueError(f"images have shape {pictures.shape}; expected (n_images, n_pixels)")
    if image_shape is None:
        height, width = pictures.shape[1], pictures.shape[-1]
        if pictures.ndim == 2:
            height = width = isqrt(width)
        image_shape = (height, width)
    n_pixels = int(np.prod(pictures.shape[1:]))
    if n_pixels != image_shape[0] * image_shape[1]:
        raise ValueError(f"{n_pixels} pixels do not fill an image of shape {image_shape}")
    return pictures.reshape(len(pictures), *image_shape)


def mosaic(pictures: NDArray[np.float64], gap: int = 1) -> NDArray[np.float64]:
    """Pictures side by side in a grid of ceil(sqrt(n)) columns, row by row.

    Parameters
    ----------
    pictures : array (n, height, width)
    gap : int
        Pixels between neighbours.

    Returns
    -------
    array (rows * (height + gap) - gap, columns * (width + gap) - gap)
        NaN in gaps and in places left over.
    """
    n, height, width = pictures.shape
    columns = ceil(sqrt(n))
    rows = ceil(n / columns)
    tiles = np.full((rows * columns, height + gap, width + gap), np.nan)
    tiles[:n, :height, :width] = pictures
    grid = tiles.reshape(rows, columns, height + gap, width + gap).swapaxes(1, 2)
    grid = grid.reshape(rows * (height + gap), columns * (width + gap))
    return grid[: rows * (height + gap) - gap, : columns * (width + gap) - gap]
