"""Random numbers by counter: the same draw for the same image, step and cell, wherever it is run.

Brian2's standalone programs would replay one random stream at every run. Here a draw
is a function of (seed, stage, image, showing, step, cell) alone, so that results do not
depend on how a simulation is cut into runs, nor on the target. The generator is
Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as
1, 2, 3").
"""

from __future__ import annotations

import numpy as np
from brian2 import Function
from numpy.typing import ArrayLike, NDArray

#: Drawn where a cell never fires; far beyond any presentation, and safe to add to a step.
NEVER = 1 << 29

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_KEY_STEPS = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def philox4x32(counter: NDArray[np.uint64], key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Philox4x32-10.

    Parameters
    ----------
    counter : ndarray, shape (4, ...)
        32-bit words.
    key : ndarray, shape (2, ...)
        32-bit words, broadcast against the counter.

    Returns
    -------
    ndarray, shape (4, ...)
        32-bit words.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        product0, product1 = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (
            (product1 >> _HALF) ^ c1 ^ k0,
            product1 & _LOW,
            (product0 >> _HALF) ^ c3 ^ k1,
            product0 & _LOW,
        )
        k0, k1 = (k0 + _KEY_STEPS[0]) & _LOW, (k1 + _KEY_STEPS[1]) & _LOW
    return np.stack(np.broadcast_arrays(c0, c1, c2, c3))


def uniform(
    seed: ArrayLike,
    stage: ArrayLike,
    image: ArrayLike,
    showing: ArrayLike,
    step: ArrayLike,
    cell: ArrayLike,
) -> NDArray[np.float64]:
    """Uniform numbers in (0, 1), one per combination of the integer arguments.

    All arguments broadcast; each is taken modulo 2**32.
    """
    words = np.broadcast_arrays(
        *(
            np.asarray(word).astype(np.int64).astype(np.uint64) & _LOW
            for word in (cell, step, image, showing, seed, stage)
        )
    )
    first, second, _, _ = philox4x32(np.stack(words[:4]), np.stack(words[4:]))
    bits = ((first << _HALF) | second) >> np.uint64(12)
    return (bits.astype(np.float64) + 0.5) * 2.0**-52


def _steps_to_spike(
    probability: ArrayLike,
    seed: ArrayLike,
    stage: ArrayLike,
    image: ArrayLike,
    showing: ArrayLike,
    step: ArrayLike,
    cell: ArrayLike,
) -> NDArray[np.int32]:
    probability = np.asarray(probability, dtype=np.float64)
    draw = uniform(seed, stage, image, showing, step, cell)
    with np.errstate(divide="ignore", over="ignore"):
        # log1p(-p) is 0 for p = 0 and -inf for p = 1: never, and every step.
        failures = np.floor(np.log(draw) / np.log1p(-probability))
    return np.where(failures < NEVER, failures + 1, NEVER).astype(np.int32)


#: Steps until the next spike of a cell that fires with a fixed probability in every step.
#:
#: Brian2 function ``steps_to_spike(probability, seed, stage, image, showing, step, cell)``.
#: The intervals of independent draws in every step are geometrically distributed, so one
#: draw per spike serves instead of one per step, with the same statistics.
steps_to_spike = Function(
    _steps_to_spike,
    arg_names=["probability", "seed", "stage", "image", "showing", "step", "cell"],
    arg_units=[1] * 7,
    return_unit=1,
    arg_types=["float"] + ["integer"] * 6,
    return_type="integer",
    stateless=True,
)
steps_to_spike.implementations.add_implementation("numpy", _steps_to_spike)
steps_to_spike.implementations.add_implementation(
    "cpp",
    """
    static inline int32_t steps_to_spike(const double probability, const uint32_t seed,
        const uint32_t stage, const uint32_t image, const uint32_t showing,
        const uint32_t step, const uint32_t cell)
    {
        uint32_t c0 = cell, c1 = step, c2 = image, c3 = showing, k0 = seed, k1 = stage;
        for (int round = 0; round < 10; round++)
        {
            const uint64_t product0 = UINT64_C(0xD2511F53) * c0;
            const uint64_t product1 = UINT64_C(0xCD9E8D57) * c2;
            c0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
            c1 = (uint32_t)product1;
            c2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
            c3 = (uint32_t)product0;
            k0 += UINT32_C(0x9E3779B9);
            k1 += UINT32_C(0xBB67AE85);
        }
        const uint64_t bits = (((uint64_t)c0 << 32) | c1) >> 12;
        const double draw = ((double)bits + 0.5) * 2.220446049250313e-16;
        if (probability <= 0)
            return NEVER_STEPS;
        if (probability >= 1)
            return 1;
        const double failures = floor(log(draw) / log1p(-probability));
        return failures < NEVER_STEPS ? (int32_t)failures + 1 : NEVER_STEPS;
    }
    """.replace("NEVER_STEPS", str(NEVER)),
)
