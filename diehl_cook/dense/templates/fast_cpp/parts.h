// What code that threads share out needs to know of its thread. Parts begin at multiples of so many
// cells that no block of cells at rest, and no vector, belongs to two threads.
#include <cstdint>

static const int _most_threads = 64;

struct _Part
{
    uint32_t from, to; // in 65536ths of all cells
    int32_t thread;
};
extern __thread _Part _part;

static inline int32_t _first_of_part(const int32_t n, const uint32_t from)
{
    const int32_t first = 128 * (int32_t)((uint64_t)((n + 127) / 128) * from >> 16);
    return first < n ? first : n;
}

static inline int32_t _begin_of_part(const int32_t n)
{
    return _first_of_part(n, _part.from);
}

static inline int32_t _end_of_part(const int32_t n)
{
    return _first_of_part(n, _part.to);
}
