"""Odd things: values, texts, and damage to files."""

import os
import random
from pathlib import Path

NUMBERS = [
    "0", "-0", "1", "-1", "2", "3.5", "1e-300", "1e-45", "1e-6", "1e6", "1e30", "1e38", "1e39",
    "1e300", "-1e300", "inf", "-.inf", ".nan", "nan", "010", "0x10", "0b11", "1_000", "1:30",
    "2147483647", "2147483648", "99999999999999999999", "1e", "1.2.3", "+5", "５", "0.1",
    "0.9999999",
]  # fmt: skip
UNITS = [
    "", " ms", "ms", " mV", " s", " us", " V", " MV", " parsec", " ms ms", '\tms', " ｍｓ",
]  # fmt: skip
WORDS = [
    "''", "~", "null", "true", "yes", "off", "[]", "{}", "[1,2]", "{a:b}", "auto", "AUTO",
    "triplet", "Triplet", "clamped", "single", "logistic", "&a", "*a", "<<", "2026-11-25", "|",
    ">", "@", "%", "`", "'", '"', '\\', "-a", "é", "日本", "../..", "/", "/dev/null", "/dev/zero",
    "/proc/self/mem", "~nobody-here", "sklearn:digits", "sklearn:nothing", "$HOME", "None",
    "NaN", "-", "--", "--help", "=", "==", "a=b", ".", "..", "", " ", '\n', '\r\n', '\x07',
    '\x00', '\u200b', '\ud800', "x" * 300, "x" * 5000, "&a [*a]", "!!python/object:os.system x",
    "!!binary aGk=", "2026-11-25 10:00:00", "; rm -rf /", "a: b",
]  # fmt: skip


def value(chance: random.Random) -> str:
    """What somebody might type for a value."""
    if chance.random() < 0.6:
        return chance.choice(NUMBERS) + chance.choice(UNITS)
    return chance.choice(WORDS)


def near(chance: random.Random, stated: object) -> str:
    """A value of the same kind as one that was stated, at times far from it."""
    number, space, unit = str(stated).partition(" ")
    try:
        changed = float(number) * chance.choice(
            [-1, 0, 0.5, 0.9, 1.1, 2, 10 ** chance.uniform(-4, 4)]
        )
    except ValueError:
        return value(chance)
    whole = isinstance(stated, int) or chance.random() < 0.2
    return f"{round(changed) if whole else changed:g}{space}{unit}"


def text(chance: random.Random, whole: str) -> str:
    """A text with a few of its lines or characters changed."""
    for _ in range(chance.randint(1, 3)):
        lines = whole.splitlines() or [""]
        place = chance.randrange(len(lines))
        line = lines[place]
        change = chance.randrange(7)
        if change == 0:
            key, _, stated = line.partition(":")
            changed = near(chance, stated.strip()) if chance.random() < 0.7 else value(chance)
            lines[place] = f"{key}: {changed}"
        elif change == 1:
            lines.insert(place, chance.choice(lines))
        elif change == 2:
            del lines[place]
        elif change == 3:
            lines[place] = chance.choice(["  ", "\t", " "]) + line
        elif change == 4:
            lines[place] = line[: chance.randint(0, len(line))] + chance.choice(WORDS)
        elif change == 5:
            lines.insert(place, f"{chance.choice(WORDS)}: {value(chance)}")
        else:
            lines[place] = line.replace(
                chance.choice(":,._-[]{}0123456789ea"), value(chance)[:3], 1
            )
        whole = "\n".join(lines) + "\n"
    return whole


def damage(chance: random.Random, path: Path, others: list[Path]) -> str:
    """Do something to a file, perhaps with the content of another; tells what."""
    content = path.read_bytes()
    swapped = chance.choice([other for other in others if other != path]).read_bytes()
    kind = chance.choice(
        ["empty", "cut", "longer", "bits", "zeros", "swapped", "gone", "folder", "fifo", "loop",
         "device", "no permission", "characters", "dangling"]
    )  # fmt: skip
    if kind == "cut":
        path.write_bytes(content[: chance.randrange(max(len(content), 1))])
    elif kind == "longer":
        path.write_bytes(content + chance.randbytes(chance.randint(1, 100)))
    elif kind == "bits":
        changed = bytearray(content or b"\0")
        for _ in range(chance.choice([1, 1, 10])):
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
    elif kind == "zeros":
        path.write_bytes(bytes(len(content)))
    elif kind == "characters":
        path.write_bytes(text(chance, content.decode("latin1")).encode("utf8", "surrogatepass"))
    elif kind == "no permission":
        path.chmod(0)
    else:
        path.unlink()
        if kind == "empty":
            path.touch()
        elif kind == "swapped":
            path.write_bytes(swapped)
        elif kind == "folder":
            path.mkdir()
        elif kind == "fifo":
            os.mkfifo(path)
        elif kind == "loop":
            path.symlink_to(path.name)
        elif kind == "dangling":
            path.symlink_to("nothing-here")
        elif kind == "device":
            path.symlink_to(chance.choice(["/dev/zero", "/dev/urandom", "/dev/null", "/dev/full"]))
    return f"{path.name}: {kind}"
