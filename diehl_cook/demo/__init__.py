"""A page on this machine where one draws a digit and watches a network read it, or one learn.

Starlette serves it, with uvicorn: nearly everything on the page is drawing and animation on
canvases, which the ready-made widgets of larger libraries do not have, and the two come to six
small packages, none of which asks anything of the net.
"""


class DemoError(RuntimeError):
    """A page that cannot be served; the message says why, and a way out."""
