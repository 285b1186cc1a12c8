// Threads that go through the same turns in each time step, and wait for one another where they must.
// The first thread does what is not shared out. Nothing but progress is told: how many turns a thread
// has completed since the run began.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

__thread _Part _part = {0, 65536, 0};

namespace {

// What takes a turn: a code object, a gathering of events, the clocks going on
struct Member
{
    void (*function)();
    bool is_shared;
    int32_t** events;  // without which it does nothing
    int32_t end;       // where their list says how many there are
    // for each member, whether it waits for it: 0 no, 1 if it has events itself, 2 yes, 3 yes, though the
    // other one had no events
    const char* waits;
    const char* needs; // for each member, whether it has to come after it where that comes first: 0 or 1
};

// Events that all threads have found, to be put into one list before somebody uses it
struct Gathering
{
    int thresholder, number; // among the members
};

// Turns counted from the beginning of the step; those of the step before are negative
const int32_t never = -1000000;
struct Wait
{
    int32_t for_first, for_others;
};

struct Turn
{
    int number;
    const Member* member;
    bool is_awaited;
    Wait always, if_events;
    std::vector<std::pair<int, int32_t> > if_there_were; // events at that turn of the step before
};

// Apart from one another, because processors fetch neighbouring cache lines together
struct alignas(256) Progress
{
    std::atomic<int64_t> turns;
};
struct alignas(256) Waiting
{
    int64_t looks; // that a thread has taken at another one's progress, in vain
};

// Which parts threads have, and whether there is more than one of them, changes nothing in the
// results; it is chosen anew between bouts of so many steps
const int steps_of_bout = 1000;
const int first_bouts = 20, bouts_between_trials = 32, most_bouts_between_trials = 1024;

class Team
{
    const Member* members;
    int n_members;
    const Gathering* gatherings;
    int n_gatherings;
    int n_threads;
    bool is_over, is_alone, is_trial;
    int64_t n_before; // turns before this step, of the first thread
    std::vector<Turn> turns;
    std::vector<char> had_events; // of the first thread
    std::vector<std::thread> others;
    Progress progress[_most_threads];
    Waiting waiting[_most_threads];
    uint32_t first[_most_threads + 1]; // of each thread's part, in 65536ths
    std::mutex mutex;
    std::condition_variable together;
    std::chrono::steady_clock::time_point bout_begun;
    int n_steps, n_bouts, next_trial, bouts_to_next;
    double seconds_alone, seconds_together; // of a bout

    void wait_for(const Progress& progress, const int64_t turns)
    {
        // without a pause: to a virtual machine's host it would look like work that another one could do
        int n = 0;
        for (; progress.turns.load(std::memory_order_acquire) < turns; n++)
        {
            if (n > 5000) // there are more threads than processors
                std::this_thread::yield();
        }
        waiting[_part.thread].looks += n;
    }

    void wait_for_others(const int64_t turns)
    {
        for (int thread = 1; thread < n_threads; thread++)
        {
            if (thread != _part.thread)
                wait_for(progress[thread], turns);
        }
    }

    void wait_before(const Wait& wait, const int64_t n_before)
    {
        if (_part.thread != 0 && wait.for_first != never)
            wait_for(progress[0], n_before + wait.for_first);
        if (wait.for_others != never)
            wait_for_others(n_before + wait.for_others);
    }

    void tell(const int64_t turns)
    {
        progress[_part.thread].turns.store(turns, std::memory_order_release);
    }

    static bool has_events(const Member& member)
    {
        return member.events != NULL && (*member.events)[member.end] != 0;
    }

    void take_turns(const int64_t n_before, std::vector<char>& had_events)
    {
        had_events.resize(turns.size());
        for (size_t n = 0; n < turns.size(); n++)
        {
            const Turn& turn = turns[n];
            const Member& member = *turn.member;
            if (!member.is_shared && _part.thread != 0)
                continue;
            wait_before(turn.always, n_before);
            const bool now_has_events = has_events(member);
            if (now_has_events)
                wait_before(turn.if_events, n_before);
            for (size_t m = 0; m < turn.if_there_were.size(); m++)
            {
                if (had_events[turn.if_there_were[m].first])
                    wait_for_others(n_before + turn.if_there_were[m].second);
            }
            if (member.function == NULL)
                return; // the clocks go on when all turns are taken
            member.function();
            had_events[n] = now_has_events;
            if (turn.is_awaited)
                tell(n_before + n + 1);
        }
    }

    void take_part(const int thread)
    {
        const _Part part = {first[thread], first[thread + 1], thread};
        _part = part;
    }

    static void take_all()
    {
        const _Part all = {0, 65536, 0};
        _part = all;
    }

    void take_part_to_the_end(const int thread, int64_t n_before)
    {
        flush_denormals_to_zero();
        take_part(thread);
        std::vector<char> had_events;
        for (;;)
        {
            wait_for(progress[0], n_before);
            if (is_alone)
            {
                tell(++n_before);
                std::unique_lock<std::mutex> lock(mutex);
                together.wait(lock, [&] { return !is_alone; });
                continue;
            }
            if (is_over)
                return;
            take_part(thread);
            take_turns(n_before, had_events);
            n_before += turns.size();
            tell(n_before);
        }
    }

    // The others sleep while the first thread goes on alone
    void go_on(const bool alone)
    {
        if (alone != is_alone)
        {
            {
                std::lock_guard<std::mutex> lock(mutex);
                is_alone = alone;
            }
            if (alone)
            {
                tell(n_before++);
                wait_for_others(n_before);
            }
            else
                together.notify_all();
        }
        if (alone)
            take_all();
        else
            take_part(0);
    }

    // The thread that waits the most gets a little of what the one that waits the least has
    void balance()
    {
        int most = 0, least = 0;
        for (int thread = 1; thread < n_threads; thread++)
        {
            if (waiting[thread].looks > waiting[most].looks)
                most = thread;
            if (waiting[thread].looks < waiting[least].looks)
                least = thread;
        }
        const uint32_t step = 65536 / (32 * n_threads);
        if (first[least + 1] - first[least] > 2 * step)
        {
            for (int thread = std::min(most, least) + 1; thread <= std::max(most, least); thread++)
                first[thread] += most < least ? step : -step;
        }
        for (int thread = 0; thread < n_threads; thread++)
            waiting[thread].looks = 0;
    }

    double seconds_of_bout() const
    {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - bout_begun).count();
    }

    bool ends_bout() const
    {
        if (n_steps == steps_of_bout)
            return true;
        const bool may_take_too_long = !is_alone && seconds_alone > 0 && n_steps % 16 == 0;
        return may_take_too_long && seconds_of_bout() > 1.5 * seconds_alone;
    }

    // Others may keep the processors busy, and waiting costs more than the work of one thread then
    void end_bout()
    {
        const double seconds = seconds_of_bout() * steps_of_bout / n_steps;
        double& usual = is_alone ? seconds_alone : seconds_together;
        usual = is_trial || usual == 0 ? seconds : 0.5 * usual + 0.5 * std::min(seconds, 2 * usual);
        if (!is_alone)
        {
            wait_for_others(n_before);
            if (n_bouts < first_bouts || n_bouts % bouts_between_trials < 2)
                balance();
        }
        n_bouts++;
        const bool alone_is_faster = seconds_together == 0 || seconds_alone < seconds_together;
        if (is_trial)
        {
            const bool is_lost = alone_is_faster != is_alone;
            bouts_to_next = is_lost ? std::min(2 * bouts_to_next, most_bouts_between_trials) : bouts_between_trials;
            next_trial = n_bouts + bouts_to_next;
        }
        is_trial = n_bouts == next_trial;
        go_on(alone_is_faster != is_trial);
        n_steps = 0;
        bout_begun = std::chrono::steady_clock::now();
    }

    int number_of(void (*const function)()) const
    {
        int number = 0;
        while (number < n_members && members[number].function != function)
            number++;
        if (number == n_members)
            std::abort(); // nobody knows what it does
        return number;
    }

    void add_turns(const std::vector<int>& numbers)
    {
        for (size_t n = 0; n < numbers.size(); n++)
        {
            const Turn turn = {numbers[n], &members[numbers[n]], false, {never, never}, {never, never}, {}};
            turns.push_back(turn);
        }
    }

    bool needs_any(const int number, const std::vector<int>& others) const
    {
        for (size_t n = 0; n < others.size(); n++)
        {
            if (members[number].needs[others[n]] == '1')
                return true;
        }
        return false;
    }

    // For each turn, the last of the turns before it that it waits for, back to itself a step before.
    // A step begins when the first thread is through with the one before.
    void find_waits()
    {
        const int n_turns = turns.size();
        for (int n = 0; n < n_turns; n++)
        {
            Turn& turn = turns[n];
            for (int back = 1; back <= n_turns && turn.always.for_others == never; back++)
            {
                const int other = (n - back + n_turns) % n_turns;
                const bool is_of_this_step = back <= n;
                const Member& member = *turns[other].member;
                const char waits = turn.member->waits[turns[other].number];
                if (waits == '0' || !(member.is_shared || is_of_this_step))
                    continue;
                const int32_t completed = n - back + 1;
                turns[other].is_awaited = true;
                if (!is_of_this_step && member.events && waits != '3')
                {
                    turn.if_there_were.push_back(std::make_pair(other, completed));
                    continue;
                }
                Wait& wait = waits == '1' ? turn.if_events : turn.always;
                if (wait.for_first == never && is_of_this_step)
                    wait.for_first = completed;
                if (wait.for_others == never && member.is_shared)
                    wait.for_others = completed;
            }
        }
    }

public:
    Team(const Member* members, int n_members, const Gathering* gatherings, int n_gatherings, const char* n_threads_stated)
        : members(members), n_members(n_members), gatherings(gatherings), n_gatherings(n_gatherings),
          is_over(false), is_alone(false), is_trial(false), n_before(0), waiting(), n_steps(0), n_bouts(0),
          next_trial(1), bouts_to_next(4), seconds_alone(0), seconds_together(0)
    {
        const int stated = n_threads_stated ? std::atoi(n_threads_stated) : 1;
        n_threads = stated < 1 ? 1 : (stated > _most_threads ? _most_threads : stated);
        for (int thread = 0; thread <= n_threads; thread++)
            first[thread] = 65536 * thread / n_threads;
        for (int thread = 0; thread < n_threads; thread++)
            progress[thread].turns = -1;
    }

    bool is_one() const
    {
        return n_threads == 1;
    }

    // Take another sequence of turns, when all threads are through with the one before
    void plan(const std::vector<void (*)()>& functions)
    {
        if (is_one())
            return;
        if (!others.empty() && !is_alone)
            wait_for_others(n_before);
        // what needs events that have to be gathered comes late, so that nobody has to wait for them
        std::vector<int> early, gathering, late;
        for (size_t n = 0; n < functions.size(); n++)
        {
            const int number = number_of(functions[n]);
            const bool is_late = needs_any(number, gathering) || needs_any(number, late);
            (is_late ? late : early).push_back(number);
            for (int g = 0; g < n_gatherings; g++)
            {
                if (gatherings[g].thresholder == number)
                    (is_late ? late : gathering).push_back(gatherings[g].number);
            }
        }
        late.push_back(n_members - 1); // the clocks
        turns.clear();
        add_turns(early);
        add_turns(gathering);
        add_turns(late);
        find_waits();
    }

    void step(const std::vector<void (*)()>& functions)
    {
        if (others.empty())
        {
            bout_begun = std::chrono::steady_clock::now();
            take_part(0);
            for (int thread = 1; thread < n_threads; thread++)
                others.push_back(std::thread(&Team::take_part_to_the_end, this, thread, n_before));
            if (n_bouts == 0) // to know how long it takes
                go_on(true);
        }
        if (is_alone)
        {
            for (size_t n = 0; n < functions.size(); n++)
                functions[n]();
        }
        else
        {
            tell(n_before);
            take_turns(n_before, had_events);
            n_before += turns.size();
        }
        n_steps++;
        if (ends_bout())
            end_bout();
    }

    void finish()
    {
        if (!others.empty() && !is_alone)
            wait_for_others(n_before);
        is_over = true;
        go_on(false);
        tell(n_before);
        take_all();
        for (size_t n = 0; n < others.size(); n++)
            others[n].join();
        others.clear();
        is_over = false;
        n_steps = 0;
    }

    // Put events that the others have found behind those of the first thread
    void gather(int32_t* const events, const int32_t end, int32_t* const found) const
    {
        for (int thread = 1; thread < n_threads; thread++)
        {
            if (found[thread] == 0)
                continue;
            const int32_t from = _first_of_part(end, first[thread]);
            std::memmove(events + events[end], events + from, found[thread] * sizeof(int32_t));
            events[end] += found[thread];
            found[thread] = 0;
        }
    }
};

}
