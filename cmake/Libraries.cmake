# Third-party libraries, each behind one target. docs/licences.md lists them with their licences.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(GTest REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)
find_package(LibArchive REQUIRED)
find_package(tl-expected REQUIRED)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(SQLITE3 REQUIRED IMPORTED_TARGET sqlite3)

# Debian's yaml-cpp 0.7 exports the plain name, newer ones the namespaced one.
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()

# SOCI ships no CMake configuration in Debian.
find_library(SOCI_CORE soci_core REQUIRED)
find_library(SOCI_SQLITE3 soci_sqlite3 REQUIRED)
add_library(soci_sqlite INTERFACE)
# Debian's library hides the type information that the vptr check of UBSan asks for.
target_compile_options(soci_sqlite INTERFACE -fno-sanitize=vptr)
target_link_libraries(soci_sqlite INTERFACE ${SOCI_SQLITE3} ${SOCI_CORE} PkgConfig::SQLITE3 ${CMAKE_DL_LIBS})

# Asio, Beast and Boost.URL are headers in Debian: their sources are compiled here, once.
add_library(boost_compiled STATIC cmake/boost_compiled.cpp)
target_include_directories(boost_compiled SYSTEM PUBLIC ${Boost_INCLUDE_DIRS})
target_compile_definitions(boost_compiled PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED BOOST_URL_NO_LIB)
target_compile_options(boost_compiled PRIVATE -w)
target_link_libraries(boost_compiled PUBLIC Threads::Threads OpenSSL::SSL OpenSSL::Crypto)
