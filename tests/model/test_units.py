"""Values with units: what is read is what was written, and nothing else is read."""

import brian2.units as units
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from diehl_cook.model.units import format_quantity, parse_quantity

TIMES = ("ms", "s", "us")
VOLTAGES = ("mV", "V", "uV")
SMALL, LARGE = 1e-20, 1e20
numbers = st.just(0.0) | st.floats(SMALL, LARGE) | st.floats(-LARGE, -SMALL)


@pytest.mark.parametrize(
    ("text", "allowed", "expected"),
    [
        ("350 ms", TIMES, 350 * units.ms),
        ("-65 mV", VOLTAGES, -65 * units.mV),
        ("1e7 ms", TIMES, 1e4 * units.second),
        ("  .5ms ", TIMES, 0.5 * units.ms),
        ("+2.5E-3 s", TIMES, 2.5 * units.ms),
        ("3 us", TIMES, 3 * units.us),
        ("0.02 V", VOLTAGES, 20 * units.mV),
        ("7 uV", VOLTAGES, 7 * units.uvolt),
    ],
)
def test_a_number_and_a_unit_are_read_as_people_write_them(text, allowed, expected):
    quantity = parse_quantity(text, allowed)
    assert float(quantity) == pytest.approx(float(expected), rel=1e-15)
    assert units.fundamentalunits.have_same_dimensions(quantity, expected)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("5 mV", "wrong unit, expected one of ms, s, us"),
        ("5 parsec", "wrong unit, expected one of ms, s, us"),
        ("5 MS", "wrong unit, expected one of ms, s, us"),
        ([1, 2] * units.ms, "are several values: write a number and a unit, for example '5 ms'"),
        (5 * units.mV, "wrong unit: write a number and a unit, for example '5 ms'"),
        ("5", "not a value with a unit: write a number and a unit, for example '5 ms'"),
        (5, "not a value with a unit"),
        (True, "not a value with a unit"),
        (None, "not a value with a unit"),
        (["5 ms"], "not a value with a unit"),
        ("ms", "not a value with a unit"),
        ("nan ms", "not a value with a unit"),
        ("inf ms", "not a value with a unit"),
        ("1.2.3 ms", "not a value with a unit"),
        (". ms", "not a value with a unit"),
        ("5 ms 5 ms", "not a value with a unit"),
        ("", "not a value with a unit"),
        ("1e999 ms", "out of bounds"),
        ("-1e300 s", "out of bounds"),
        ("1e-320 s", "out of bounds"),
    ],
)
def test_anything_else_is_an_error_that_shows_what_to_write(value, complaint):
    with pytest.raises(ValueError, match="unit") as raised:
        parse_quantity(value, TIMES)
    assert complaint in str(raised.value)


@given(st.text(max_size=5))
def test_any_text_is_a_quantity_or_a_value_error(text):
    message = repr(text)
    try:
        parse_quantity(text, TIMES)
    except ValueError as error:
        message = str(error)
    assert repr(text) in message


@given(numbers)
@example(0.1)
def test_a_time_keeps_its_bits_through_text(seconds):
    quantity = seconds * units.second
    read = parse_quantity(format_quantity(quantity, TIMES), TIMES)
    assert float(read) == seconds


@given(numbers)
def test_a_voltage_keeps_its_bits_through_text(volts):
    quantity = volts * units.volt
    assert float(parse_quantity(format_quantity(quantity, VOLTAGES), VOLTAGES)) == volts


@pytest.mark.parametrize(
    ("quantity", "text"),
    [
        (350 * units.ms, "350 ms"),
        (-65 * units.mV, "-65 mV"),
        (0 * units.ms, "0 ms"),
        (0.05 * units.mV, "0.05 mV"),
    ],
)
def test_a_value_is_written_as_people_write_it(quantity, text):
    assert format_quantity(quantity, TIMES if text.endswith(" ms") else VOLTAGES) == text
