# autotuner_module(search DEPENDS base space [LIBRARIES fmt::fmt] [SEPARATE catalogue_*.cpp] [HOT parzen.cpp])
#
# One folder under src/ is one static library and one test binary. Sources are found by name: *_test.cpp goes
# into <module>_test, *_bench.cpp into bench/, everything else into the library. DEPENDS are the modules whose
# headers this one may include; tools/check_layers.py holds every #include against it. With AUTOTUNER_UNITY several
# sources are compiled at once; SEPARATE names those whose file-local names would collide. HOT names the sources in
# whose loops the tests spend their time: with sanitizers these are compiled at -O1, each by itself; the figures are in
# docs/adr/0006-build-time.md.
function(autotuner_module name)
  cmake_parse_arguments(arg "" "" "DEPENDS;LIBRARIES;TEST_DEPENDS;SEPARATE;HOT" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.hpp)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "_(test|bench)\\.cpp$")

  set(library autotuner_${name})
  if(sources)
    add_library(${library} STATIC ${sources})
    set(scope PUBLIC)
    # `ninja all_verify_interface_header_sets` compiles every header alone.
    target_sources(${library} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR}/src FILES ${headers})
    set_target_properties(${library} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON
      UNITY_BUILD ${AUTOTUNER_UNITY} UNITY_BUILD_BATCH_SIZE 12)
    foreach(pattern IN LISTS arg_SEPARATE)
      file(GLOB separate ${CMAKE_CURRENT_SOURCE_DIR}/${name}/${pattern})
      set_source_files_properties(${separate} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endforeach()
    if(AUTOTUNER_SANITIZE)
      list(TRANSFORM arg_HOT PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/${name}/ OUTPUT_VARIABLE hot)
      set_property(SOURCE ${hot} APPEND PROPERTY COMPILE_OPTIONS -O1)
    endif()
  else()
    add_library(${library} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${library} ${scope} ${CMAKE_SOURCE_DIR}/src)
  foreach(dependency IN LISTS arg_DEPENDS)
    target_link_libraries(${library} ${scope} autotuner_${dependency})
  endforeach()
  target_link_libraries(${library} ${scope} ${arg_LIBRARIES})

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${library} autotuner_test_support GTest::gtest_main GTest::gmock)
    foreach(dependency IN LISTS arg_TEST_DEPENDS)
      target_link_libraries(${name}_test PRIVATE autotuner_${dependency})
    endforeach()
    # Two halves, so that the longest module does not leave a core idle: ctest --test-dir build/dev -R ^search -j2
    foreach(half 0 1)
      add_test(NAME ${name}_${half} COMMAND ${name}_test)
      set_tests_properties(${name}_${half} PROPERTIES
        LABELS unit TIMEOUT 300 ENVIRONMENT "GTEST_TOTAL_SHARDS=2;GTEST_SHARD_INDEX=${half}")
    endforeach()
  endif()
endfunction()
