{# One cell after the other, independent of each other. Blocks of cells that an update left as they
   were rest until something wakes them; whether it did is looked at in some updates only. #}
{# USES_VARIABLES { N } #}
{# ALLOWS_SCALAR_WRITE #}
{% extends 'common_group.cpp' %}

{% block extra_headers %}
{% for trace in traces %}
// 0 where the trace is zero in all cells of a block
char {{trace.array}}[] = { {{'1, ' * ((owner.variables['N'].get_value() + block - 1) // block)}} };
{% endfor %}
{% if awake or traces %}
#include <cstdint>
#include <cstring>
{% endif %}
{% if awake %}
// 0: at rest; 2: as it was when last looked at, and at rest if so in the next look as well
char {{awake}}[] = { {{'1, ' * ((owner.variables['N'].get_value() + block - 1) // block)}} };
{% endif %}
{% endblock %}

{% block maincode %}
    // scalar code
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    {% if is_shared %}
    const int _begin = _begin_of_part({{constant_or_scalar('N', variables['N'])}});
    const int _N = _end_of_part({{constant_or_scalar('N', variables['N'])}});
    {% else %}
    const int _begin = 0, _N = {{constant_or_scalar('N', variables['N'])}};
    {% endif %}
    {% if state %}
    const auto _update = [&](const int _idx)
    {
        const size_t _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
    };
    const auto _changes = [&](const int _idx) -> int32_t
    {
        {% for array in state %}
        const auto _old_{{loop.index}} = _bits({{array}}[_idx]);
        {% endfor %}
        _update(_idx);
        int32_t _changed = 0;
        {% for array in state %}
        _changed |= _old_{{loop.index}} != _bits({{array}}[_idx]);
        {% endfor %}
        return _changed;
    };
    {{storage}} uint32_t _n_updates = 0;
    const bool _look = ++_n_updates % 32 == 0;
    int _first = _begin;
    if (!_look && std::memchr({{awake}} + _begin / {{block}}, 0, (_N - _begin + {{block - 1}}) / {{block}}) == NULL)
    {
        {{independent_pragma(variable_indices, variables)}}
        for (int _idx = _begin; _idx < _N; _idx++)
            _update(_idx);
        _first = _N;
    }
    for (; _first + {{block}} <= _N; _first += {{block}})
    {
        {# eight blocks at rest at once #}
        uint64_t _eight;
        if (_first % {{8 * block}} == 0 && _first + {{8 * block}} <= _N)
        {
            std::memcpy(&_eight, {{awake}} + _first / {{block}}, 8);
            if (_eight == 0)
            {
                _first += {{7 * block}};
                continue;
            }
        }
        char& _is_awake = {{awake}}[_first / {{block}}];
        if (!_is_awake)
            continue;
        if (_look)
        {
            int32_t _changed = 0;
            {{independent_pragma(variable_indices, variables)}}
            for (int _offset = 0; _offset < {{block}}; _offset++)
                _changed |= _changes(_first + _offset);
            _is_awake = _changed ? 1 : (_is_awake == 1 ? 2 : 0);
            continue;
        }
        {{independent_pragma(variable_indices, variables)}}
        for (int _offset = 0; _offset < {{block}}; _offset++)
            _update(_first + _offset);
    }
    for (; _first < _N; _first++)
        _update(_first);
    {% else %}
    {{openmp_pragma('parallel-static')}}
    {{independent_pragma(variable_indices, variables)}}
    for (int _idx = _begin; _idx < _N; _idx++)
    {
        // vector code
        const size_t _vectorisation_idx = _idx;
        {{(all_but_traces if traces else vector_code)|autoindent}}
    }
    {% endif %}
    {% if traces %}
    {# what else there is has used the traces as they were #}
    {{storage}} uint32_t _n_updates = 0;
    const bool _look = ++_n_updates % 32 == 0;
    {% for trace in traces if trace.code is not none %}
    {
    const auto _decay = [&](const int _idx)
    {
        const size_t _vectorisation_idx = _idx;
        {{trace.code|autoindent}}
    };
    int _first = _begin;
    for (; _first + {{block}} <= _N; _first += {{block}})
    {
        {# eight blocks of zeros at once #}
        uint64_t _eight;
        if (_first % {{8 * block}} == 0 && _first + {{8 * block}} <= _N)
        {
            std::memcpy(&_eight, {{trace.array}} + _first / {{block}}, 8);
            if (_eight == 0)
            {
                _first += {{7 * block}};
                continue;
            }
        }
        char& _is_not_zero = {{trace.array}}[_first / {{block}}];
        if (!_is_not_zero)
            continue;
        {# of a known length: one instruction or two, unless it is unrolled before #}
        {{independent_pragma(variable_indices, variables)}}
        #pragma GCC unroll 1
        for (int _offset = 0; _offset < {{block}}; _offset++)
            _decay(_first + _offset);
        if (_look)
        {
            int32_t _some = 0;
            for (int _offset = 0; _offset < {{block}}; _offset++)
                _some |= {{trace['values']}}[_first + _offset] != 0;
            _is_not_zero = _some;
        }
    }
    for (; _first < _N; _first++)
        _decay(_first);
    }
    {% endfor %}
    {% endif %}
{% endblock %}
