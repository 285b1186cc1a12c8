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
        return _cond;
    };
    const int32_t _block_size = 64;
    char _has_event[_block_size];
    int32_t _count = 0;
    for (int32_t _start = 0; _start < N; _start += _block_size)
    {
        {# Two loops, because the compiler does better with a fixed number of iterations #}
        if (N - _start >= _block_size)
        {
            {{independent_pragma(variable_indices, variables)}}
            for (int32_t _offset = 0; _offset < _block_size; _offset++)
                _has_event[_offset] = _condition(_start + _offset);
        }
        else
        {
            std::memset(_has_event, 0, _block_size);
            {{independent_pragma(variable_indices, variables)}}
            for (int32_t _offset = 0; _offset < N - _start; _offset++)
                _has_event[_offset] = _condition(_start + _offset);
        }
        uint64_t _eights[_block_size / 8], _any = 0;
        std::memcpy(_eights, _has_event, _block_size);
        for (int32_t _n = 0; _n < _block_size / 8; _n++)
            _any |= _eights[_n];
        if (_any == 0)
            continue;
        for (int32_t _n = 0; _n < _block_size / 8; _n++)
        {
            if (_eights[_n] == 0)
                continue;
            for (int32_t _offset = 8 * _n; _offset < 8 * _n + 8; _offset++)
            {
                if (!_has_event[_offset])
                    continue;
                const int32_t _idx = _start + _offset;
                {{_eventspace}}[_count++] = _idx;
                {% if _uses_refractory %}
                {{not_refractory}}[_idx] = false;
                {{lastspike}}[_idx] = {{t}};
                {% endif %}
            }
        }
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
