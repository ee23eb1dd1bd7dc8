#include "base/heap.hpp"

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace autotuner::base {

void keep_heaps_small() {
#ifdef __GLIBC__
  ::mallopt(M_ARENA_MAX, 2);
  // Left alone, the limit climbs to the size of the largest block that was ever freed.
  ::mallopt(M_MMAP_THRESHOLD, 64 * 1024);
#endif
}

void return_free_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace autotuner::base
