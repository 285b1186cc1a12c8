"""Digits as a hand draws them: lines and arcs in a unit square, drawn at any size."""

import numpy as np
from PIL import Image, ImageDraw


def arc(x, y, width, height, start, end):
    """Points of an ellipse's arc; angles in degrees, clockwise from three o'clock."""
    angles = np.radians(np.linspace(start, end, 40))
    return [(x + width * np.cos(a), y + height * np.sin(a)) for a in angles]


#: Strokes of each digit, each a list of points (x, y), y downwards.
STROKES = {
    0: [arc(0.5, 0.5, 0.22, 0.36, 0, 360)],
    1: [[(0.55, 0.14), (0.46, 0.86)]],
    2: [[*arc(0.48, 0.32, 0.22, 0.18, 180, 370), (0.28, 0.84), (0.76, 0.82)]],
    3: [arc(0.46, 0.32, 0.2, 0.18, 190, 440), arc(0.46, 0.67, 0.24, 0.19, 270, 520)],
    4: [[(0.36, 0.16), (0.28, 0.52), (0.72, 0.5)], [(0.66, 0.2), (0.6, 0.86)]],
    5: [[(0.7, 0.16), (0.38, 0.18), (0.34, 0.46), *arc(0.46, 0.64, 0.24, 0.2, 240, 500)]],
    6: [[(0.62, 0.14), (0.42, 0.36), (0.33, 0.6), *arc(0.49, 0.67, 0.17, 0.18, 200, 560)]],
    7: [[(0.26, 0.2), (0.72, 0.18), (0.46, 0.86)]],
    8: [arc(0.5, 0.32, 0.16, 0.17, 90, 450), arc(0.5, 0.67, 0.2, 0.18, 270, 630)],
    9: [[*arc(0.48, 0.35, 0.18, 0.19, 0, 360), (0.66, 0.35), (0.6, 0.86)]],
}


def picture_of(digit, size=280, paper=255, ink=0, shift=0.0):
    """A picture of a drawn digit."""
    large = 4 * size
    picture = Image.new("L", (large, large), paper)
    draw = ImageDraw.Draw(picture)
    width = round(0.085 * large)
    for stroke in STROKES[digit]:
        points = [((x + shift) * large, (y + shift) * large) for x, y in stroke]
        draw.line(points, fill=ink, width=width, joint="curve")
        for x, y in (points[0], points[-1]):
            draw.ellipse([x - width / 2, y - width / 2, x + width / 2, y + width / 2], fill=ink)
    return picture.resize((size, size), Image.Resampling.LANCZOS)
