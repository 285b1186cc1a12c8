{# Visits the synapses of a DenseSynapses group. The synapses of one presynaptic cell are a row
   of the matrix and contiguous; those of a postsynaptic cell a column. `driver` says whose
   synapses are visited: those of presynaptic cells with an event ('pre'), of postsynaptic ones
   ('post'), or everyone's ('all', row by row). Where a row needs nothing of its presynaptic cell,
   several go together, which loads and stores the postsynaptic cells once for all of them; each
   cell still sees them in order. Blocks of columns in which there is nothing to do, or little, are
   found beforehand.
   USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}

{% set _code = by_column if driver == 'post' else by_row %}
{% set _outer_size = layout.columns if driver == 'post' else layout.rows %}
{% set _inner_size = layout.rows if driver == 'post' else layout.columns %}
{% set _every_event_counts = driver == 'all' or not only_some_cells %}
{% set _together = driver != 'post' and layout.kind == 'all' and _every_event_counts and _code is not none and _code['rows_together'] %}
{# from step to step, only where it need not be found out from the cells' values: the traces' blocks
   are those of the columns #}
{% set _known = _together and _code['neutral'] is not none and layout.column_start % block == 0 %}
{% set _traces = _code['neutral']['traces'] if _known else [] %}
{% set _neutral = _code['neutral'] if _together and (driver == 'all' or _traces) else none %}
{% set _summed = _code['summed'] if _together else none %}
{% set _in_blocks = _neutral is not none or _summed is not none %}
{# of all columns, or of this thread's #}
{% set _begin, _end = ('_begin', '_end') if is_shared else (0, _inner_size) %}
{% set _first_block = '_begin / ' ~ block if is_shared else 0 %}
{% set _n_blocks = (layout.columns + block - 1) // block %}
{% set _last_block = '(_end + ' ~ (block - 1) ~ ') / ' ~ block if is_shared else _n_blocks %}

{% macro _independent() %}
#if defined(__clang__)
#pragma clang loop vectorize(assume_safety)
#else
#pragma GCC ivdep
#endif
{% endmacro %}

{# Additions into a cell stay in the order of the rows. For GCC see the headers. #}
{% macro _in_order() %}
{% if _together %}
#if defined(__clang__)
#pragma clang fp reassociate(off)
#endif
{% endif %}
{% endmacro %}

{# A loop once more for an exponent of one half, whose power is a square root #}
{% macro _with_roots(code) %}
{% if code is not none and code['exponent'] %}
if ({{code['exponent']}} == 0.5f)
{
    const auto _power = [](const float x, const float) { return _root(x); };
{{caller()}}
}
else
{
{{caller()}}
}
{% else %}
{{caller()}}
{% endif %}
{% endmacro %}

{# Some columns of `size` rows at once; the inner loop is unrolled, whatever its length, else the
   loop around it is not vectorised #}
{% macro _columns(code, size, begin, end, stores=true) %}
{% call _with_roots(code) %}
{{_independent()}}
for (size_t _inner = {{begin}}; _inner < {{end}}; _inner++)
{
    const int32_t j = _inner;
    const size_t _postsynaptic_idx = _inner + {{layout.column_start}};
    {{code['load_inner']|autoindent}}
    #pragma GCC unroll {{size}}
    for (int32_t _k = 0; _k < {{size}}; _k++)
    {
        const int32_t i = _rows[_k];
        const size_t _idx = _rows[_k] * {{layout.columns}} + _inner;
        const size_t _vectorisation_idx = _idx;
        {{code['load']|autoindent}}
        {% for name in code["clipped"] %}
        const auto _before_{{name}} = {{name}};
        {% endfor %}
        {{code['body']|autoindent}}
        {% for name in code["clipped"] %}
        _clipped |= {{name}} != _before_{{name}};
        {% endfor %}
        {% if stores %}
        {{code['store']|autoindent}}
        {% endif %}
    }
    {{code['store_inner']|autoindent}}
}
{% endcall %}
{% endmacro %}

{# The same for the stretches of columns in which there is all to do, or little #}
{% macro _rows_in_stretches(size) %}
for (int32_t _s = 0; _s < _n_stretches; _s++)
{
    const size_t _first = _ends[_s], _last = _ends[_s + 1];
    if (_to_do[_first / {{block}}])
    {
        {{_columns(_code, size, '_first', '_last')}}
        {{_count('_first', '_last')}}
        continue;
    }
    {% if _neutral is not none and _neutral['body'] %}
    int32_t _clipped = 0;
    {{_columns(_neutral, size, '_first', '_last', stores=false)}}
    {% if _neutral['clips'] %}
    if (_clipped)
    {
        {{_columns(_neutral['clips'], size, '_first', '_last')}}
        {{_count('_first', '_last')}}
    }
    {% endif %}
    {% endif %}
}
{% endmacro %}

{% macro _count(begin, end) %}
{% for array in counted %}
for (size_t _b = {{begin}} / {{block}}; _b * {{block}} < {{end}}; _b++)
    {{array}}[_b]++;
{% endfor %}
{% endmacro %}

{# The blocks of columns in which some cell has no neutral value, or a sum has to be made again #}
{% macro _find_what_is_to_do() %}
{% if _summed %}
{{storage}} uint32_t _seen[{{_n_blocks}}];
{% for array in _code['sums'] %}
{{storage}} decltype(+*{{array}}) _started_{{loop.index}}[{{layout.columns}}], _ended_{{loop.index}}[{{layout.columns}}];
{% endfor %}
{% endif %}
for (int32_t _b = {{_first_block}}; _b < {{_last_block}}; _b++)
{
    const size_t _first = _b * {{block}};
    const size_t _last = _first + {{block}} < {{layout.columns}} ? _first + {{block}} : {{layout.columns}};
    int32_t _some = 0;
    {% if _summed %}
    _some |= _seen[_b] != {{_summed}}[_b] + 1;
    _seen[_b] = {{_summed}}[_b] + 1;
    {% endif %}
    for (size_t _inner = _first; _inner < _last; _inner++)
    {
        const size_t _postsynaptic_idx = _inner + {{layout.column_start}};
        {% if _neutral is not none %}
        {{_neutral['read']|autoindent}}
        {% for name in _neutral['names'] %}
        _some |= {{name}} != {{_neutral['value']}};
        {% endfor %}
        {% endif %}
        {% for array in _code['sums'] if _summed %}
        _some |= _started_{{loop.index}}[_inner] != {{array}}[_postsynaptic_idx];
        {% endfor %}
    }
    _to_do[_b] = _some;
    {% if _summed %}
    for (size_t _inner = _first; _inner < _last; _inner++)
    {
        const size_t _postsynaptic_idx = _inner + {{layout.column_start}};
        {% for array in _code['sums'] %}
        _started_{{loop.index}}[_inner] = {{array}}[_postsynaptic_idx];
        if (!_some)
            {{array}}[_postsynaptic_idx] = _ended_{{loop.index}}[_inner];
        {% endfor %}
    }
    {% endif %}
}
{% endmacro %}

{% block extra_headers %}
{% if _in_blocks %}
#include <cstring>
{% endif %}
{% if _together %}
// additions into a cell stay in the order of the rows, here and not in what follows
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("no-associative-math")
#endif
{% endif %}
{% if _summed %}
#include <cstdint>
// changes of each block of columns: the first sum is made of all of them
uint32_t {{_summed}}[{{_n_blocks}}];
{% endif %}
{% endblock %}

{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {% if is_shared %}
    const size_t _begin = _begin_of_part({{_inner_size}}), _end = _end_of_part({{_inner_size}});
    if (_begin == _end)
        return;
    {% endif %}
    {% if driver == 'all' %}
    {{scalar_code|autoindent}}
    const int32_t _num_outer = {{_outer_size}};
    {
    {{_in_order()}}
    {% else %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const int32_t _num_outer = {{_eventspace}}[{{eventspace_variable.size - 1}}];
    if (_num_outer > 0)
    {
    {{_in_order()}}
    {{scalar_code|autoindent}}
    {% endif %}
    const auto _outer_of = [&](const int32_t _n) -> size_t
    {
        return {% if driver == 'all' %}_n{% else %}{{_eventspace}}[_n] - {{first_cell}}{% endif %};
    };
    int32_t _n = 0;
    {% if _in_blocks %}
    char _to_do[{{_n_blocks}}];
    {% if _traces %}
    for (int32_t _b = {{_first_block}}; _b < {{_last_block}}; _b++)
        _to_do[_b] = {% for array in _traces %}{{array}}[_b + {{layout.column_start // block}}]{{' | ' if not loop.last}}{% endfor %};
    {% else %}
    {{_find_what_is_to_do()}}
    {% endif %}
    {# stretches of blocks with the same to do are mostly those of the step before #}
    {{storage}} char _known[{{_n_blocks}}];
    {{storage}} int32_t _n_stretches, _ends[{{_n_blocks + 1}}];
    {% if is_shared %}
    if (_ends[0] != _begin || _ends[_n_stretches] != _end)
        _n_stretches = 0;
    {% endif %}
    if (_n_stretches == 0 || std::memcmp(_known + {{_first_block}}, _to_do + {{_first_block}}, {{_last_block}} - {{_first_block}}) != 0)
    {
        std::memcpy(_known + {{_first_block}}, _to_do + {{_first_block}}, {{_last_block}} - {{_first_block}});
        _n_stretches = 1;
        _ends[0] = {{_begin}};
        for (int32_t _b = {{_first_block}} + 1; _b < {{_last_block}}; _b++)
        {
            _ends[_n_stretches] = _b * {{block}};
            _n_stretches += _to_do[_b] != _to_do[_b - 1];
        }
        _ends[_n_stretches] = {{_end}};
    }
    {% endif %}
    {% for size in (4, 2, 1) if _together and (size > 1 or _in_blocks) %}
    for (; _n + {{size}} <= _num_outer; _n += {{size}})
    {
        size_t _rows[{{size}}];
        for (int32_t _k = 0; _k < {{size}}; _k++)
            _rows[_k] = _outer_of(_n + _k);
        {% if _in_blocks %}
        {{_rows_in_stretches(size)}}
        {% else %}
        {{_columns(_code, size, _begin, _end)}}
        {% endif %}
    }
    {% endfor %}
    {% if _summed %}
    for (size_t _inner = {{_begin}}; _inner < {{_end}}; _inner++)
    {
        {% for array in _code['sums'] %}
        _ended_{{loop.index}}[_inner] = {{array}}[_inner + {{layout.column_start}}];
        {% endfor %}
    }
    {% endif %}
    {% if not _in_blocks %}
    {% if driver != 'post' %}
    {{_count(_begin, _end)}}
    {% endif %}
    for (; _n < _num_outer; _n++)
    {
        const size_t _outer = _outer_of(_n);
        {% if not _every_event_counts %}
        if (_outer >= {{last_cell}} - {{first_cell}})
            continue;
        {% endif %}
        {% if driver == 'post' %}
        {% for array in counted %}
        {{'if (_part.thread == 0) ' if is_shared}}{{array}}[_outer / {{block}}]++;
        {% endfor %}
        const int32_t j = _outer;
        const size_t _postsynaptic_idx = _outer + {{layout.column_start}};
        {% else %}
        const int32_t i = _outer;
        const size_t _presynaptic_idx = _outer + {{layout.row_start}};
        {% endif %}
        {% if _code is not none %}
        {{_code['load_outer']|autoindent}}
        {% endif %}
        {# Ranges instead of a test for self in the loop, which could not be vectorised #}
        {% if layout.kind == 'all' %}
        const size_t _first = {{_begin}}, _last = {{_end}};
        {% elif layout.kind == 'one_to_one' %}
        const size_t _first = _outer, _last = _outer + 1;
        {% else %}
        const size_t _self = _outer < {{_inner_size}} ? _outer : {{_inner_size}};
        for (int _side = 0; _side < 2; _side++)
        {
        {% if is_shared %}
        const size_t _first = _side == 0 || _self + 1 < _begin ? _begin : _self + 1;
        const size_t _last = _side == 0 && _self < _end ? _self : _end;
        {% else %}
        const size_t _first = _side == 0 ? 0 : _self + 1;
        const size_t _last = _side == 0 ? _self : {{_inner_size}};
        {% endif %}
        {% endif %}
        {% call _with_roots(_code) %}
        {% if _code is not none %}
        {{_independent()}}
        {% endif %}
        for (size_t _inner = _first; _inner < _last; _inner++)
        {
            {% if layout.kind == 'one_to_one' %}
            const size_t _idx = _inner;
            {% elif driver == 'post' %}
            const size_t _idx = _inner * {{layout.columns}} + _outer;
            {% else %}
            const size_t _idx = _outer * {{layout.columns}} + _inner;
            {% endif %}
            const size_t _vectorisation_idx = _idx;
            {% if driver == 'post' %}
            const int32_t i = _inner;
            const size_t _presynaptic_idx = _inner + {{layout.row_start}};
            {% else %}
            const int32_t j = _inner;
            const size_t _postsynaptic_idx = _inner + {{layout.column_start}};
            {% endif %}
            {% if _code is not none %}
            {{_code['load_inner']|autoindent}}
            {{_code['load']|autoindent}}
            {{_code['body']|autoindent}}
            {{_code['store']|autoindent}}
            {{_code['store_inner']|autoindent}}
            {% else %}
            {{vector_code|autoindent}}
            {% endif %}
        }
        {% endcall %}
        {% if layout.kind == 'all_but_self' %}
        }
        {% endif %}
        {% if _code is not none %}
        {{_code['store_outer']|autoindent}}
        {% endif %}
    }
    {% endif %}
    }
{% endblock %}

{% block extra_functions_cpp %}
{% if _together %}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif
{% endif %}
{% endblock %}
