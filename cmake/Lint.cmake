# Targets that check the sources, and one that corrects them:
#
#   lint     all of the following
#   lint-format, lint-tidy, lint-cppcheck, lint-shell
#   format   rewrite the C sources as .clang-format says
#
# What clang-format and clang-tidy find depends on their version, so only the one that the
# configuration files were written for is used; without it the target says so and does nothing.

set(ST_LINT_CLANG_VERSION 14)

# st_find_lint_tool(VARIABLE NAME [VERSION]): the program, with this major version if one is given.
function(st_find_lint_tool variable name)
  find_program(${variable} NAMES ${name}-${ARGN} ${name})
  mark_as_advanced(${variable})
  if(${variable} AND ARGN)
    execute_process(COMMAND "${${variable}}" --version OUTPUT_VARIABLE version ERROR_QUIET)
    if(NOT version MATCHES "version ${ARGN}[.]")
      message(STATUS "${${variable}} is not version ${ARGN}: not used")
      set(${variable} "${variable}-NOTFOUND" PARENT_SCOPE)
    endif()
  endif()
endfunction()

st_find_lint_tool(ST_CLANG_FORMAT clang-format ${ST_LINT_CLANG_VERSION})
st_find_lint_tool(ST_CLANG_TIDY clang-tidy ${ST_LINT_CLANG_VERSION})
st_find_lint_tool(ST_CPPCHECK cppcheck)
st_find_lint_tool(ST_SHELLCHECK shellcheck)

set(source_dirs elfcache include shim test)
list(TRANSFORM source_dirs REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/\\1/*.c" OUTPUT_VARIABLE globs_c)
list(TRANSFORM source_dirs REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/\\1/*.h" OUTPUT_VARIABLE globs_h)
file(GLOB_RECURSE lint_sources CONFIGURE_DEPENDS ${globs_c})
file(GLOB_RECURSE lint_headers CONFIGURE_DEPENDS ${globs_h})
file(GLOB_RECURSE lint_scripts CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/cmake/*.sh" "${PROJECT_SOURCE_DIR}/shim/*.sh"
  "${PROJECT_SOURCE_DIR}/test/*.sh")
list(APPEND lint_scripts "${PROJECT_SOURCE_DIR}/.ci/run")

# st_lint_target(NAME TOOL COMMAND...): lint-NAME, which does nothing but say so without the tool.
function(st_lint_target name tool)
  if(${tool})
    add_custom_target(lint-${name} COMMAND ${ARGN}
      WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}" VERBATIM)
  else()
    add_custom_target(lint-${name} COMMAND "${CMAKE_COMMAND}" -E echo
      "lint-${name}: not checked, its tool is not installed (or not in the right version)")
  endif()
  add_dependencies(lint lint-${name})
endfunction()

set(lint_dir "${PROJECT_BINARY_DIR}/CMakeFiles/lint")
file(MAKE_DIRECTORY "${lint_dir}")
set(format_files "${lint_dir}/files")
list(JOIN lint_sources "\n" format_sources)
list(JOIN lint_headers "\n" format_headers)
file(WRITE "${format_files}" "${format_sources}\n${format_headers}\n")

add_custom_target(lint)
st_lint_target(format ST_CLANG_FORMAT
  "${ST_CLANG_FORMAT}" --dry-run --Werror "--files=${format_files}")
st_lint_target(shell ST_SHELLCHECK
  "${ST_SHELLCHECK}" --shell=sh --severity=warning --external-sources --source-path=SCRIPTDIR
  ${lint_scripts})

if(ST_CLANG_FORMAT)
  add_custom_target(format COMMAND "${ST_CLANG_FORMAT}" -i "--files=${format_files}"
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}" VERBATIM)
endif()

# cppcheck remembers what it saw of each file in a directory of its own.
set(cppcheck_dir "${lint_dir}/cppcheck")
file(MAKE_DIRECTORY "${cppcheck_dir}")
cmake_host_system_information(RESULT cores QUERY NUMBER_OF_LOGICAL_CORES)
st_lint_target(cppcheck ST_CPPCHECK
  "${ST_CPPCHECK}" --quiet --error-exitcode=1 --inline-suppr -j ${cores}
  --enable=warning,style,performance,portability --std=c11 --library=posix,gnu
  -D__x86_64__ "-DElfW(type)=Elf64_##type"
  "--cppcheck-build-dir=${cppcheck_dir}"
  "--suppressions-list=${PROJECT_SOURCE_DIR}/cmake/cppcheck-suppressions.txt"
  "--project=${PROJECT_BINARY_DIR}/compile_commands.json")

# clang-tidy is by far the slowest: one command a file, so that the build tool runs them in parallel
# and again only after a change.  It does not know all options of gcc, and only reads what is
# compiled here.
set(tidy_database "${lint_dir}/compile_commands.json")
add_custom_command(OUTPUT "${tidy_database}"
  COMMAND sed "s/ -fno-tree-loop-distribute-patterns//g"
    "${PROJECT_BINARY_DIR}/compile_commands.json" > "${tidy_database}"
  DEPENDS "${PROJECT_BINARY_DIR}/compile_commands.json" VERBATIM)
set(tidy_stamps "")
set(tidy_sources ${lint_sources})
list(FILTER tidy_sources EXCLUDE REGEX "/test/(package|cases/real/project|bench/programs|coverage)/")
foreach(source IN LISTS tidy_sources)
  file(RELATIVE_PATH name "${PROJECT_SOURCE_DIR}" "${source}")
  string(REPLACE "/" "-" stamp "${name}.tidy")
  set(stamp "${lint_dir}/${stamp}")
  add_custom_command(OUTPUT "${stamp}"
    # Its words on standard error are counts of what it suppressed.
    COMMAND "${ST_CLANG_TIDY}" --quiet -p "${lint_dir}" "--warnings-as-errors=*"
      --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-ignored-optimization-argument
      "${source}" 2> "${stamp}.log"
    COMMAND "${CMAKE_COMMAND}" -E touch "${stamp}"
    DEPENDS "${source}" ${lint_headers} "${PROJECT_SOURCE_DIR}/.clang-tidy"
      "${PROJECT_SOURCE_DIR}/test/.clang-tidy" "${tidy_database}"
    COMMENT "clang-tidy ${name}" VERBATIM)
  list(APPEND tidy_stamps "${stamp}")
endforeach()
if(ST_CLANG_TIDY)
  add_custom_target(lint-tidy DEPENDS ${tidy_stamps})
  add_dependencies(lint lint-tidy)
else()
  st_lint_target(tidy ST_CLANG_TIDY)
endif()
