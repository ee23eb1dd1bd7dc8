# autotuner_embed_sql(autotuner_store src/store/migrations)
#
# Compiles the numbered SQL files of a folder into the library, as the function store::migrations(). The same file
# is the script that writes that source: cmake -DFOLDER=... -DOUTPUT=... -P EmbedSql.cmake
if(CMAKE_SCRIPT_MODE_FILE)
  file(GLOB files ${FOLDER}/[0-9][0-9][0-9][0-9]_*.sql)
  list(SORT files)
  set(rows "")
  foreach(file IN LISTS files)
    get_filename_component(name ${file} NAME_WE)
    string(REGEX MATCH "^0*([0-9]+)_" unused ${name})
    set(number ${CMAKE_MATCH_1})
    file(READ ${file} sql)
    string(APPEND rows "    Migration{${number}, \"${name}\", R\"sql(${sql})sql\"},\n")
  endforeach()
  list(LENGTH files count)
  file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT [=[
// Written by cmake/EmbedSql.cmake from the numbered SQL files.
#include "store/migrations.hpp"

#include <array>

namespace autotuner::store {

std::span<const Migration> migrations() {
  static constexpr std::array<Migration, @count@> all = {{
@rows@  }};
  return all;
}

}  // namespace autotuner::store
]=])
  return()
endif()

set(AUTOTUNER_EMBED_SQL_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(autotuner_embed_sql library folder)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*.sql)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${library}_migrations.cpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DOUTPUT=${output} -P ${AUTOTUNER_EMBED_SQL_SCRIPT}
    DEPENDS ${files} ${AUTOTUNER_EMBED_SQL_SCRIPT}
    COMMENT "Embedding the migrations of ${folder}")
  target_sources(${library} PRIVATE ${output})
endfunction()
