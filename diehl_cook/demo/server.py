"""What the page asks for, and who may ask: this machine, and no page but ours."""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
from collections.abc import AsyncIterator, Generator
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from uvicorn import Config, Server

from diehl_cook.demo import DemoError
from diehl_cook.demo.learning import Learner, Moment
from diehl_cook.demo.reading import Question, Reader, as_bytes
from diehl_cook.engine.bounds import OutOfRangeError
from diehl_cook.engine.presenter import PresentationError
from diehl_cook.engine.program import SimulationError
from diehl_cook.images.datasets import Split, load_split
from diehl_cook.images.pictures import decode_picture
from diehl_cook.model.experiment_file import load_experiment
from diehl_cook.model.explanation import explain
from diehl_cook.stages.network import Network
from diehl_cook.stages.progress import Narrator

HOST = "127.0.0.1"
#: The largest picture file that is taken, in bytes.
MOST_BYTES = 10_000_000


def serve(network: Network, port: int, narrator: Narrator) -> None:
    """Serve the page until Ctrl-C, to this machine alone.

    Parameters
    ----------
    network : Network
        With labels, for square images: what reads.
    port : int
        Of this machine; 0 takes any that is free.
    narrator : Narrator
        Told the address, once everything is compiled that an answer needs.

    Raises
    ------
    DemoError
        If the network cannot read pictures, or the port is taken.
    """
    with listen(port) as listener:
        reader = Reader(network)
        tests = load_split("test", network.experiment.data.folder)
        experiment = load_experiment("n100", training__block=1000, training__chunk=250)
        learner = Learner(experiment, load_split("train"))
        narrator.say("compiling the network (seconds, once) ...")
        reader.warm_up(tests.images[0])
        narrator.say(f"The page is at http://{HOST}:{listener.getsockname()[1]} - Ctrl-C ends it.")
        server_of(application(reader, learner, tests)).run([listener])


def listen(port: int) -> socket.socket:
    """Take a port of this machine that no other machine reaches.

    Raises
    ------
    DemoError
        If it is taken.
    """
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise DemoError(f"--port {port}: {reason}; choose another, as --port 0") from None
    except OverflowError:
        raise DemoError(f"--port {port}: ports go from 0 to 65535") from None


def server_of(app: Starlette) -> Server:
    """Serves an application; it says nothing but errors, and when it ends, all trainings end."""
    server = Server(Config(app, log_level="error"))
    app.state.server = server
    return server


def application(reader: Reader, learner: Learner, tests: Split) -> Starlette:
    """The page and what answers it.

    Parameters
    ----------
    reader : Reader
        Reads what is drawn.
    learner : Learner
        What the second tab trains.
    tests : Split
        Images to pick from.

    Returns
    -------
    Starlette
    """

    async def about(request: Request) -> Response:
        limits = {"test_images": len(tests.images), "most_bytes": MOST_BYTES}
        return JSONResponse(reader.about() | limits)

    async def test_image(request: Request) -> Response:
        number = request.path_params["number"]
        if number >= len(tests.images):
            raise HTTPException(404, f"there are {len(tests.images)} test images")
        pixels = tests.images[number].ravel().tolist()
        return JSONResponse({"pixels": pixels, "class": int(tests.labels[number])})

    async def picture(request: Request) -> Response:
        content = io.BytesIO(await _content(request))
        digit = await run_in_threadpool(decode_picture, content, reader.size)
        return JSONResponse({"pixels": digit.ravel().tolist()})

    async def show(request: Request) -> Response:
        question = Question.model_validate_json(await _content(request))
        return JSONResponse(await run_in_threadpool(reader.answer, question))

    async def train(request: Request) -> Response:
        await _content(request)
        lines = _lines(learner, request.path_params["seed"], request.app.state.server)
        return StreamingResponse(_until_closed(lines), media_type="application/x-ndjson")

    return Starlette(
        routes=[
            Route("/about", about),
            Route("/test/{number:int}", test_image),
            Route("/picture", picture, methods=["POST"]),
            Route("/show", show, methods=["POST"]),
            Route("/train/{seed:int}", train, methods=["POST"]),
            Mount("/", _Page(directory=Path(__file__).parent / "page", html=True)),
        ],
        # Names of other hosts lead here only if somebody's name server lies about them.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])],
        exception_handlers=dict.fromkeys((HTTPException, ValueError, *_FAULTS), _complain),
    )


class _Page(StaticFiles):
    """Files that a browser asks for again each time: another version may serve others."""

    def file_response(self, *arguments: Any, **keywords: Any) -> Response:
        response = super().file_response(*arguments, **keywords)
        response.headers["Cache-Control"] = "no-cache"
        return response


async def _content(request: Request) -> bytes:
    """The body of a request of our own page, as far as it is of a bearable size."""
    origin, host = request.headers.get("origin"), request.headers["host"]
    if origin not in (None, f"http://{host}"):
        raise HTTPException(403, "only this machine's own page may ask")
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MOST_BYTES:
            raise HTTPException(413, f"is over {MOST_BYTES // 1_000_000} MB; make it smaller")
    return bytes(content)


async def _complain(request: Request, error: Exception) -> Response:
    """One line for the page."""
    status, words = 500 if isinstance(error, _FAULTS) else 422, str(error)
    if isinstance(error, HTTPException):
        status, words = error.status_code, error.detail
    elif isinstance(error, ValidationError):
        words = explain(error, Question)
    return JSONResponse({"error": words}, status)


async def _until_closed(lines: Generator[str]) -> AsyncIterator[str]:
    """Lines as long as somebody reads them: a page that is closed ends what runs for it."""
    with contextlib.closing(lines):
        async for line in iterate_in_threadpool(lines):
            yield line


def _lines(learner: Learner, seed: int, server: Server) -> Generator[str]:
    """Moments of a training, a line of JSON each, until the server ends."""
    try:
        for moment in learner.moments(seed):
            if server.should_exit:
                return
            yield json.dumps(_told(moment)) + "\n"
    except _FAULTS as error:
        yield json.dumps({"error": str(error)}) + "\n"


def _told(moment: Moment) -> dict[str, Any]:
    return {
        "images": moment.images,
        "total": moment.total,
        "fields": as_bytes(moment.weights),
        "labels": None if moment.labels is None else moment.labels.tolist(),
        "accuracy": moment.accuracy,
    }


_FAULTS = (SimulationError, PresentationError, OutOfRangeError, MemoryError)
