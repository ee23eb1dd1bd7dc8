# Compiler, warnings, sanitizers, cache. Everything that every target shares.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR
    "autotuner needs clang 19 or newer (found ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}): "
    "g++ 12 miscompiles coroutines. Install it with: apt-get install clang-19 lld-19 libclang-rt-19-dev")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)

option(AUTOTUNER_BENCHMARKS "Build the benchmarks under bench/" OFF)
option(AUTOTUNER_FUZZ "Build the fuzz targets with libFuzzer instead of the corpus replayer" OFF)
option(AUTOTUNER_COVERAGE "Instrument for line coverage" OFF)
set(AUTOTUNER_SANITIZE "" CACHE STRING "Comma-separated sanitizers, e.g. address,undefined")

# libstdc++ 12 calls its own deprecated get_temporary_buffer from std::stable_sort.
add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wno-deprecated-declarations -Werror)
# Paths in debug information and __FILE__ are relative, so that the compiler cache hits across clones.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -fdebug-compilation-dir=.)
add_link_options(-fuse-ld=lld)

if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  # Line tables are what a stack trace needs; full debug information doubles link time and cache size.
  add_compile_options(-gline-tables-only)
endif()
if(AUTOTUNER_SANITIZE)
  add_compile_options(-fsanitize=${AUTOTUNER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${AUTOTUNER_SANITIZE})
endif()
if(AUTOTUNER_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
if(AUTOTUNER_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # base_dir makes absolute paths relative before hashing: a second clone reuses the first one's objects.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()
