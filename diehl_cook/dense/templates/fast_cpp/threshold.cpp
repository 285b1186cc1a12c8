{# In most time steps no cell of a block has an event: conditions are evaluated for a whole block
   without branches, and only then looked through. #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}

{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    // scalar code
    const int _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const auto _condition = [&](const int32_t _idx) -> char
    {
        const size_t _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
        return _cond != 0;
    };
    int32_t _count = 0;
    const auto _add_event = [&](const int32_t _idx)
    {
        {{_eventspace}}[_count++] = _idx;
        {% if _uses_refractory %}
        {{not_refractory}}[_idx] = false;
        {{lastspike}}[_idx] = {{t}};
        {% endif %}
    };
    int32_t _start = 0;
    {# The compiler does better with a fixed number of iterations #}
    {% for size in (64, 16) %}
    for (; _start + {{size}} <= N; _start += {{size}})
    {
        char _has_event[{{size}}];
        {{independent_pragma(variable_indices, variables)}}
        for (int32_t _offset = 0; _offset < {{size}}; _offset++)
            _has_event[_offset] = _condition(_start + _offset);
        uint64_t _eights[{{size // 8}}], _any = 0;
        std::memcpy(_eights, _has_event, {{size}});
        for (int32_t _n = 0; _n < {{size // 8}}; _n++)
            _any |= _eights[_n];
        if (_any == 0)
            continue;
        for (int32_t _n = 0; _n < {{size // 8}}; _n++)
        {
            {# each byte of the eight is 0 or 1; the lowest comes first on all usual processors #}
            for (uint64_t _left = _eights[_n]; _left != 0; _left &= _left - 1)
                _add_event(_start + 8 * _n + (__builtin_ctzll(_left) >> 3));
        }
    }
    {% endfor %}
    for (; _start < N; _start++)
    {
        if (_condition(_start))
            _add_event(_start);
    }
    {{_eventspace}}[N] = _count;
{% endblock %}

{% block extra_headers %}
#include <cstring>
{% endblock %}

{% block after_code %}
{% set _eventspace = get_array_name(eventspace_variable) %}
{{_eventspace}}[N] = 0;  // the array has N+1 elements, the last is the count
{% endblock %}
