#pragma once

/// Compiles a function twice, for processors that take eight numbers at a time (AVX2) and for all others;
/// which one runs is decided when the program starts. The bits are the same: nothing is contracted to fused
/// operations, and sums have a fixed order. Not under the thread sanitizer, whose checks in the code that
/// decides would run before the sanitizer itself is ready.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define AUTOTUNER_WIDE __attribute__((target_clones("avx2", "default")))
#else
#define AUTOTUNER_WIDE
#endif
