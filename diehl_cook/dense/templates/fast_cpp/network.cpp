{# The loop over time steps, without system calls and allocations in it. #}
{% macro cpp_file() %}
#include "network.h"
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <new>
{% if openmp_pragma('with_openmp') %}
{{ openmp_pragma('include') }}
{% endif %}
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#define Clock_epsilon 1e-14

double Network::_last_run_time = 0.0;
double Network::_last_run_completed_fraction = 0.0;
bool Network::_globally_stopped = false;
bool Network::_globally_running = false;

namespace {

typedef std::chrono::steady_clock::time_point time_point;

double seconds_since(const time_point start)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// A trace that decays for long ends in numbers that processors compute slowly
void flush_denormals_to_zero()
{
#if defined(__SSE2__)
    _mm_setcsr(_mm_getcsr() | 0x8040);
#endif
}

}
{% if team %}

#include "team.h"
{% for member in team if member.function and not member.gathering %}
void {{member.function}}();
{% endfor %}

namespace {

extern Team team;
{% for member in team if member.gathering %}
void {{member.function}}();
{% endfor %}
const Member members[] = {
    {% for member in team %}
    { {{member.function or 'NULL'}}, {{member.is_shared|lower}}, {% if member.events %}&{{member.events.array}}, {{member.events.end}}{% else %}NULL, 0{% endif %}, "{{member.waits}}", "{{member.needs}}"},
    {% endfor %}
};
const Gathering gatherings[] = {
    {% for member in team if member.gathering %}
    { {{member.gathering.thresholder}}, {{team.index(member)}}},
    {% endfor %}
    {-1, -1}
};
Team team(members, {{team|length}}, gatherings, {{team|selectattr('gathering')|list|length}}, std::getenv("{{variable}}"));
{% for member in team if member.gathering %}
void {{member.function}}()
{
    team.gather({{member.gathering.events.array}}, {{member.gathering.events.end}}, {{member.gathering.found}});
}
{% endfor %}

}
{% endif %}

#ifndef _WIN32
// Arrays start where a cache line does: a vector of 64 bytes is then never spread over two
{% if team %}
// Processors fetch beyond the end of what a thread reads; what lies there must not be another one's
{% endif %}
void* operator new(const std::size_t size)
{
    void* memory = NULL;
    if (posix_memalign(&memory, 64, size{{' < 4096 ? size : size + 8192' if team}}) != 0)
        throw std::bad_alloc();
    return memory;
}

void operator delete(void* const memory) noexcept
{
    free(memory);
}
#endif

Network::Network()
{
    t = 0.0;
}

void Network::clear()
{
    objects.clear();
}

void Network::add({{CLOCK_CLASS}}* clock, codeobj_func func)
{
    objects.push_back(std::make_pair(clock, func));
}

void Network::run(const double duration, void (*report_func)(const double, const double, const double, const double), const double report_period)
{
    flush_denormals_to_zero();
    const double t_start = t;
    const double t_end = t + duration;
    double next_report_time = report_period;

    find_clocks();
    for (size_t c = 0; c < clocks.size(); c++)
        clocks[c]->set_interval(t, t_end);

    const time_point start = std::chrono::steady_clock::now();
    if (report_func)
        report_func(0.0, 0.0, t_start, duration);

    bool did_break_early = false;
    {{CLOCK_CLASS}}* clock = next_clocks();

    Network::_globally_running = true;
    Network::_globally_stopped = false;
    while (clock && clock->running() && !Network::_globally_stopped)
    {
        t = clock->t[0];
        if (report_func)
        {
            const double elapsed = seconds_since(start);
            if (elapsed > next_report_time)
            {
                report_func(elapsed, (t - t_start)/duration, t_start, duration);
                next_report_time += report_period;
            }
        }
        {% if team %}
        if (!team.is_one())
            team.step(due_functions);
        else
        {% endif %}
        for (size_t n = 0; n < due_functions.size(); n++)
            due_functions[n]();
        for (size_t c = 0; c < due_clocks.size(); c++)
            due_clocks[c]->tick();
        clock = next_clocks();
        {% if maximum_run_time is not none %}
        if (seconds_since(start) > {{maximum_run_time}})
        {
            did_break_early = true;
            break;
        }
        {% endif %}
    }
    Network::_globally_running = false;
    {% if team %}
    team.finish();
    {% endif %}

    if (!clock || (!did_break_early && !Network::_globally_stopped))
        t = t_end;
    else
        t = clock->t[0];

    _last_run_time = seconds_since(start);
    _last_run_completed_fraction = duration > 0 ? (t - t_start)/duration : 1.0;
    if (report_func)
        report_func(_last_run_time, _last_run_completed_fraction, t_start, duration);
}

void Network::find_clocks()
{
    clocks.clear();
    clock_of_object.clear();
    for (size_t n = 0; n < objects.size(); n++)
    {
        size_t c = 0;
        while (c < clocks.size() && clocks[c] != objects[n].first)
            c++;
        if (c == clocks.size())
            clocks.push_back(objects[n].first);
        clock_of_object.push_back(c);
    }
    due.assign(clocks.size(), 0);
    due_clocks.clear();
}

// The clock that is furthest behind; those at the same time are marked as due with it
{{CLOCK_CLASS}}* Network::next_clocks()
{
    if (clocks.empty())
        return NULL;
    // most time steps are those of one clock, with the others' far ahead
    if (due_clocks.size() == 1 && due_clocks[0]->t[0] < t_of_others - Clock_epsilon)
        return due_clocks[0];
    {{CLOCK_CLASS}}* first = clocks[0];
    for (size_t c = 1; c < clocks.size(); c++)
    {
        if (clocks[c]->t[0] < first->t[0])
            first = clocks[c];
    }
    bool as_before = true;
    for (size_t c = 0; c < clocks.size(); c++)
    {
        const bool is_due = std::fabs(clocks[c]->t[0] - first->t[0]) <= Clock_epsilon;
        as_before &= is_due == due[c];
        due[c] = is_due;
    }
    if (!as_before)
        list_due();
    return first;
}

// Most time steps have the same lists as the one before
void Network::list_due()
{
    due_clocks.clear();
    due_functions.clear();
    t_of_others = 1e300;
    for (size_t c = 0; c < clocks.size(); c++)
    {
        if (due[c])
            due_clocks.push_back(clocks[c]);
        else if (clocks[c]->t[0] < t_of_others)
            t_of_others = clocks[c]->t[0];
    }
    for (size_t n = 0; n < objects.size(); n++)
    {
        // code objects can be NULL in cases where we store just the clock
        if (due[clock_of_object[n]] && objects[n].second)
            due_functions.push_back(objects[n].second);
    }
    {% if team %}
    team.plan(due_functions);
    {% endif %}
}
{% endmacro %}

{% macro h_file() %}
#ifndef _BRIAN_NETWORK_H
#define _BRIAN_NETWORK_H

#include <utility>
#include <vector>
#include "brianlib/clocks.h"

typedef void (*codeobj_func)();

class Network
{
    std::vector<{{CLOCK_CLASS}}*> clocks;
    std::vector<size_t> clock_of_object;
    std::vector<char> due;
    std::vector<{{CLOCK_CLASS}}*> due_clocks;
    std::vector<codeobj_func> due_functions;
    double t_of_others;
    void find_clocks();
    {{CLOCK_CLASS}}* next_clocks();
    void list_due();
public:
    std::vector< std::pair< {{CLOCK_CLASS}}*, codeobj_func > > objects;
    double t;
    static double _last_run_time;
    static double _last_run_completed_fraction;
    static bool _globally_stopped;
    static bool _globally_running;

    Network();
    void clear();
    void add({{CLOCK_CLASS}}* clock, codeobj_func func);
    void run(const double duration, void (*report_func)(const double, const double, const double, const double), const double report_period);
};

#endif
{% endmacro %}
