{# In most time steps no cell of a block has an event. So the first part of the condition is
   evaluated for a whole block without branches, and the block looked through only where it holds
   for some cell; in steps in which the gate is closed, no cell can have an event. #}
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
    const auto _first_part_holds = [&](const int32_t _idx) -> int32_t
    {
        const size_t _vectorisation_idx = _idx;
        {{first_part|autoindent}}
        return _cond != 0;
    };
    const int32_t _begin = {{'_begin_of_part(N)' if is_shared else 0}};
    const int32_t _last = {{'_end_of_part(N)' if is_shared else 'N'}};
    const int32_t _end = {% if gate %}{{gate|join(' && ')}} ? _last : _begin{% else %}_last{% endif %};
    int32_t _count = 0;
    const auto _add_event = [&](const int32_t _idx)
    {
        {{_eventspace}}[_begin + _count++] = _idx;
        {% if _uses_refractory %}
        {{not_refractory}}[_idx] = false;
        {{lastspike}}[_idx] = {{t}};
        {% endif %}
    };
    int32_t _start = _begin;
    {# The compiler does better with a fixed number of iterations, the processor with few branches #}
    {% for size in (64, 16) %}
    while (_start + {{size}} <= _end)
    {
        const int32_t _left = (_end - _start) / {{size}};
        const int32_t _n_blocks = _left < 64 ? _left : 64;
        uint64_t _blocks = 0;
        for (int32_t _n = 0; _n < _n_blocks; _n++)
        {
            const int32_t _block = _start + {{size}} * _n;
            {% if awake %}
            char _is_awake = 0;
            for (int32_t _m = 0; _m < {{size // block}}; _m++)
                _is_awake |= {{awake}}[_block / {{block}} + _m];
            if (!_is_awake)
                continue;
            {% endif %}
            int32_t _may_have_event = 0;
            {{independent_pragma(variable_indices, variables)}}
            for (int32_t _offset = 0; _offset < {{size}}; _offset++)
                _may_have_event |= _first_part_holds(_block + _offset);
            _blocks |= (uint64_t)_may_have_event << _n;
        }
        for (; _blocks != 0; _blocks &= _blocks - 1)
        {
            const int32_t _block = _start + {{size}} * __builtin_ctzll(_blocks);
            {% if awake %}
            {# so that at rest are only cells of which the first part does not hold #}
            for (int32_t _m = 0; _m < {{size // block}}; _m++)
            {
                int32_t _holds = 0;
                {{independent_pragma(variable_indices, variables)}}
                for (int32_t _offset = 0; _offset < {{block}}; _offset++)
                    _holds |= _first_part_holds(_block + {{block}} * _m + _offset);
                if (_holds)
                    {{awake}}[_block / {{block}} + _m] = 1;
            }
            {% endif %}
            char _has_event[{{size}}];
            {{independent_pragma(variable_indices, variables)}}
            for (int32_t _offset = 0; _offset < {{size}}; _offset++)
                _has_event[_offset] = _condition(_block + _offset);
            uint64_t _eights[{{size // 8}}], _hits = 0;
            std::memcpy(_eights, _has_event, {{size}});
            {# each byte is 0 or 1; the product brings eight of them together as bits #}
            for (int32_t _n = 0; _n < {{size // 8}}; _n++)
                _hits |= (_eights[_n] * UINT64_C(0x0102040810204080) >> 56) << (8 * _n);
            for (; _hits != 0; _hits &= _hits - 1)
                _add_event(_block + __builtin_ctzll(_hits));
        }
        _start += {{size}} * _n_blocks;
    }
    {% endfor %}
    for (; _start < _end; _start++)
    {
        if (_condition(_start))
            _add_event(_start);
    }
    {% if is_shared %}
    // the first thread has the list; the others' events are added to it when they meet
    if (_part.thread == 0)
        {{_eventspace}}[N] = _count;
    else if (_count != 0)
        {{found}}[_part.thread] = _count;
    {% else %}
    {{_eventspace}}[N] = _count;
    {% endif %}
{% endblock %}

{% block extra_headers %}
#include <cstring>
{% if is_shared %}
#include <cstdint>
int32_t {{found}}[_most_threads];
{% endif %}
{% endblock %}

{% block after_code %}
{% set _eventspace = get_array_name(eventspace_variable) %}
{{_eventspace}}[N] = 0;  // the array has N+1 elements, the last is the count
{% endblock %}
