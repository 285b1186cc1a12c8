{# Visits the synapses of a DenseSynapses group. The synapses of one presynaptic cell are a row
   of the matrix and contiguous; those of a postsynaptic cell a column. `driver` says whose
   synapses are visited: those of presynaptic cells with an event ('pre'), of postsynaptic ones
   ('post'), or everyone's ('all', row by row). Where a row needs nothing of its presynaptic cell,
   several go together, which loads and stores the postsynaptic cells once for all of them; each
   cell still sees them in order.
   USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}

{% set _code = by_column if driver == 'post' else by_row %}
{% set _outer_size = layout.columns if driver == 'post' else layout.rows %}
{% set _inner_size = layout.rows if driver == 'post' else layout.columns %}
{% set _every_event_counts = driver == 'all' or not only_some_cells %}
{% set _together = driver != 'post' and layout.kind == 'all' and _every_event_counts and _code is not none and _code['rows_together'] %}

{% block extra_headers %}
{% if _together %}
// additions into a cell stay in the order of the rows
#if defined(__clang__)
#pragma clang fp reassociate(off)
#elif defined(__GNUC__)
#pragma GCC optimize("no-associative-math")
#endif
{% endif %}
{% endblock %}

{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {% if driver == 'all' %}
    {{scalar_code|autoindent}}
    const int32_t _num_outer = {{_outer_size}};
    {
    {% else %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const int32_t _num_outer = {{_eventspace}}[{{eventspace_variable.size - 1}}];
    if (_num_outer > 0)
    {
    {{scalar_code|autoindent}}
    {% endif %}
    const auto _outer_of = [&](const int32_t _n) -> size_t
    {
        return {% if driver == 'all' %}_n{% else %}{{_eventspace}}[_n] - {{first_cell}}{% endif %};
    };
    int32_t _n = 0;
    {% for size in (4, 2) if _together %}
    for (; _n + {{size}} <= _num_outer; _n += {{size}})
    {
        size_t _rows[{{size}}];
        for (int32_t _k = 0; _k < {{size}}; _k++)
            _rows[_k] = _outer_of(_n + _k);
        #if defined(__clang__)
        #pragma clang loop vectorize(assume_safety)
        #else
        #pragma GCC ivdep
        #endif
        for (size_t _inner = 0; _inner < {{_inner_size}}; _inner++)
        {
            const int32_t j = _inner;
            const size_t _postsynaptic_idx = _inner + {{layout.column_start}};
            {{_code['load_inner']|autoindent}}
            {# unrolled, whatever its length: else the loop around it is not vectorised #}
            #pragma GCC unroll {{size}}
            for (int32_t _k = 0; _k < {{size}}; _k++)
            {
                const int32_t i = _rows[_k];
                const size_t _idx = _rows[_k] * {{layout.columns}} + _inner;
                const size_t _vectorisation_idx = _idx;
                {{_code['load']|autoindent}}
                {{_code['body']|autoindent}}
                {{_code['store']|autoindent}}
            }
            {{_code['store_inner']|autoindent}}
        }
    }
    {% endfor %}
    for (; _n < _num_outer; _n++)
    {
        const size_t _outer = _outer_of(_n);
        {% if not _every_event_counts %}
        if (_outer >= {{last_cell}} - {{first_cell}})
            continue;
        {% endif %}
        {% if driver == 'post' %}
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
        const size_t _first = 0, _last = {{_inner_size}};
        {% elif layout.kind == 'one_to_one' %}
        const size_t _first = _outer, _last = _outer + 1;
        {% else %}
        const size_t _self = _outer < {{_inner_size}} ? _outer : {{_inner_size}};
        for (int _side = 0; _side < 2; _side++)
        {
        const size_t _first = _side == 0 ? 0 : _self + 1;
        const size_t _last = _side == 0 ? _self : {{_inner_size}};
        {% endif %}
        {% if _code is not none %}
        #if defined(__clang__)
        #pragma clang loop vectorize(assume_safety)
        #else
        #pragma GCC ivdep
        #endif
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
        {% if layout.kind == 'all_but_self' %}
        }
        {% endif %}
        {% if _code is not none %}
        {{_code['store_outer']|autoindent}}
        {% endif %}
    }
    }
{% endblock %}
