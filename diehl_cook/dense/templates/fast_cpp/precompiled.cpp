{# The headers that every code object includes, see the makefile. #}
{% macro h_file() %}
#include "objects.h"
#include "brianlib/common_math.h"
#include "brianlib/stdint_compat.h"
#include <climits>
#include <cmath>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
{% endmacro %}
