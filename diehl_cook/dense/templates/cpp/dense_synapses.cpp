{# Visits the synapses of a DenseSynapses group. The synapses of one presynaptic cell are a row
   of the matrix and contiguous; those of a postsynaptic cell a column. `driver` says whose
   synapses are visited: those of presynaptic cells with an event ('pre'), of postsynaptic ones
   ('post'), or everyone's ('all', row by row).
   USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}

{% set _code = by_column if driver == 'post' else by_row %}
{% set _outer_size = layout.columns if driver == 'post' else layout.rows %}
{% set _inner_size = layout.rows if driver == 'post' else layout.columns %}

{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {% if driver == 'all' %}
    {{scalar_code|autoindent}}
    for (size_t _outer = 0; _outer < {{_outer_size}}; _outer++)
    {
    {% else %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const int32_t _num_events = {{_eventspace}}[{{eventspace_variable.size - 1}}];
    if (_num_events > 0)
    {
    {{scalar_code|autoindent}}
    for (int32_t _event = 0; _event < _num_events; _event++)
    {
        const int32_t _cell = {{_eventspace}}[_event];
        {% if only_some_cells %}
        if (_cell < {{first_cell}} || _cell >= {{last_cell}})
            continue;
        {% endif %}
        const size_t _outer = _cell - {{first_cell}};
    {% endif %}
        {% if driver == 'post' %}
        const int32_t j = _outer;
        const size_t _postsynaptic_idx = _outer + {{layout.column_start}};
        {% else %}
        const int32_t i = _outer;
        const size_t _presynaptic_idx = _outer + {{layout.row_start}};
        {% endif %}
        {% if _code is not none %}
        {{_code['before']|autoindent}}
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
        #pragma GCC ivdep
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
            {{_code['load']|autoindent}}
            {{_code['body']|autoindent}}
            {{_code['store']|autoindent}}
            {% else %}
            {{vector_code|autoindent}}
            {% endif %}
        }
        {% if layout.kind == 'all_but_self' %}
        }
        {% endif %}
        {% if _code is not none %}
        {{_code['after']|autoindent}}
        {% endif %}
    }
    {% if driver != 'all' %}
    }
    {% endif %}
{% endblock %}
