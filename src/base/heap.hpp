#pragma once

namespace autotuner::base {

/// Makes the threads of a long-running process share two heaps instead of up to eight for each core, of which
/// every one keeps its own free blocks, and has every block of at least 64 KiB mapped and given back by
/// itself: inside a heap it leaves a hole between smaller ones. For a process that waits more than it
/// allocates; call it before threads start. Does nothing but with glibc.
void keep_heaps_small();

/// Gives the pages of freed blocks back to the system, which the library by itself does only at a heap's end.
/// About a millisecond for some 10 MB. Does nothing but with glibc.
void return_free_memory();

}  // namespace autotuner::base
