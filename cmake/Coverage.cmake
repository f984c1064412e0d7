# ST_COVERAGE: count which lines are executed, for test/coverage.sh.
#
# What has a libc is counted by gcov; the preload and the resume code by test/coverage/trace.c.

set(ST_COVERAGE_DIR "${PROJECT_BINARY_DIR}/coverage")

# st_coverage_freestanding(TARGET NAME BASE): the target's code marks its places, as seen from the
# symbol BASE, in the file NAME.hits, which the one who runs it has to make.
function(st_coverage_freestanding target name base)
  if(NOT ST_COVERAGE)
    return()
  endif()
  set(source "${PROJECT_SOURCE_DIR}/test/coverage/trace.c")
  target_sources(${target} PRIVATE "${source}")
  # It must not call itself.
  set_source_files_properties("${source}" PROPERTIES
    COMPILE_OPTIONS "-O1;-fno-sanitize-coverage=trace-pc")
  target_compile_options(${target} PRIVATE -O0 -g -fsanitize-coverage=trace-pc)
  target_compile_definitions(${target} PRIVATE
    COVERAGE_BASE="${base}" COVERAGE_SIZE=0x100000
    COVERAGE_FILE="${ST_COVERAGE_DIR}/${name}.hits" ${ARGN})
endfunction()

if(ST_COVERAGE)
  if(NOT CMAKE_C_COMPILER_ID STREQUAL "GNU")
    message(FATAL_ERROR "ST_COVERAGE needs gcc")
  endif()
  add_compile_definitions(ST_COVERAGE=1)
  # Atomic: some of the tests have threads.
  target_compile_options(st_sanitize INTERFACE -O0 --coverage -fprofile-update=atomic)
  target_link_options(st_sanitize INTERFACE --coverage LINKER:--wrap=_exit)
  target_sources(st_sanitize INTERFACE "${PROJECT_SOURCE_DIR}/test/coverage/exit.c")
endif()
