{# Sets a per-synapse variable by expression; all places of the matrix are set, including those
   of a cell to itself. #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}

{% block maincode %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code['condition']|autoindent}}
    {{scalar_code['statement']|autoindent}}
    for (size_t _idx = 0; _idx < {{layout.size}}; _idx++)
    {
        const size_t _vectorisation_idx = _idx;
        {% if layout.kind == 'one_to_one' %}
        const int32_t i = _idx, j = _idx;
        {% else %}
        const int32_t i = _idx / {{layout.columns}}, j = _idx % {{layout.columns}};
        {% endif %}
        const size_t _presynaptic_idx = i + {{layout.row_start}};
        const size_t _postsynaptic_idx = j + {{layout.column_start}};
        {{vector_code['condition']|autoindent}}
        if (_cond)
        {
            {{vector_code['statement']|autoindent}}
        }
    }
{% endblock %}
