# Tests of template images.  The fixtures are libraries whose constructor does one thing.

add_library(unit_image STATIC image_help.c)
target_link_libraries(unit_image PUBLIC template_image unit_scratch)
set_target_properties(unit_image PROPERTIES ST_ARGV_LITERALS ON)

function(st_image_fixture name)
  add_library(image_fixture_${name} SHARED image_fixture.c)
  string(TOUPPER "${name}" what)
  target_compile_definitions(image_fixture_${name} PRIVATE FIXTURE_${what}=1)
  target_link_libraries(image_fixture_${name} PRIVATE st_options ${ARGN})
  set_target_properties(image_fixture_${name} PROPERTIES
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/test/unit")
endfunction()
set(fixtures getenv getpid thread random writes shared clock
  seed value count open atexit atfork busy byte kept exe
  seed_half packed split garbage
  action action_old unblocks unblocks_trap restores blocks empties mask
  times hour elapsed boottime affinity
  cputime cpuclock offset timezone parity waits unblocks_others blocks_more acts_more acts_otherwise
  calls files getenvs setenv random_blocking traps jumps int80 int80_stat
  stream_sometimes stack_code flushes single mmx rounds segment entropy patches
  edits edits_name edits_random edits_vector memory
  thread_state thread_stack)
foreach(fixture IN LISTS fixtures)
  if(fixture MATCHES "^(thread|atfork|thread_stack)$")
    st_image_fixture(${fixture} Threads::Threads)
  else()
    st_image_fixture(${fixture})
  endif()
endforeach()
target_link_options(image_fixture_stack_code PRIVATE -Wl,-z,execstack)

add_library(image_fixture_stream SHARED image_fixture_stream.c)
target_link_libraries(image_fixture_stream PRIVATE st_options)
set_target_properties(image_fixture_stream PROPERTIES
  LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/test/unit")

add_library(image_fixture_late SHARED image_fixture_late.c)
target_link_libraries(image_fixture_late PRIVATE st_options)
set_target_properties(image_fixture_late PROPERTIES
  LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/test/unit")

# Programs that are not what they look like.
foreach(name go start syscall sanitized aligned fixed weak choice origin)
  add_executable(image_fixture_${name} image_fixture_program.c)
  string(TOUPPER "${name}" what)
  target_compile_definitions(image_fixture_${name} PRIVATE FIXTURE_${what}=1)
  target_link_libraries(image_fixture_${name} PRIVATE st_options)
  set_target_properties(image_fixture_${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/test/unit")
endforeach()
set_target_properties(image_fixture_sanitized PROPERTIES ENABLE_EXPORTS ON)
target_link_options(image_fixture_start PRIVATE -nostartfiles)
target_link_options(image_fixture_syscall PRIVATE -nostartfiles -no-pie -static)
target_compile_options(image_fixture_syscall PRIVATE -fno-pie)
foreach(name weak choice)
  target_link_options(image_fixture_${name} PRIVATE -Wl,-z,lazy)
endforeach()
target_link_libraries(image_fixture_weak PRIVATE ${CMAKE_DL_LIBS})
target_link_libraries(image_fixture_choice PRIVATE image_fixture_late)
target_link_libraries(image_fixture_origin PRIVATE ${CMAKE_DL_LIBS})
target_link_options(image_fixture_aligned PRIVATE -Wl,-z,max-page-size=0x200000)
target_compile_options(image_fixture_fixed PRIVATE -fPIE)
target_link_options(image_fixture_fixed PRIVATE -nostartfiles -no-pie -Wl,--no-relax -Wl,-Ttext-segment=0x200000000000)

# Programs with names: fewer, and more, than there is room for.
set(programs names 10 many_names 20000)
while(programs)
  list(POP_FRONT programs name many)
  add_executable(image_fixture_${name} image_fixture_names.c)
  target_compile_definitions(image_fixture_${name} PRIVATE MANY=${many})
  target_compile_options(image_fixture_${name} PRIVATE -g) # what a debug link is for
  target_link_libraries(image_fixture_${name} PRIVATE st_options)
  set_target_properties(image_fixture_${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/test/unit")
endwhile()

st_unit_test(image_start unit_image)
st_unit_test(image_fresh unit_image)
st_unit_test(image_conditions unit_image)
st_unit_test(image_forbidden unit_image)
st_unit_test(image_eligible unit_image)
st_unit_test(image_streams unit_image)
add_dependencies(test_image_start image_fixture_aligned image_fixture_late image_fixture_weak
  image_fixture_choice image_fixture_origin)
add_dependencies(test_image_eligible
  image_fixture_go image_fixture_start image_fixture_sanitized image_fixture_fixed)
st_unit_test(image_tracee unit_image)
add_dependencies(test_image_tracee image_fixture_syscall)
st_unit_test(image_cost unit_image)
st_unit_test(image_store unit_image)
st_unit_test(image_changing unit_image)
st_unit_test(image_code unit_image PkgConfig::LIBELF)
set_target_properties(test_image_code PROPERTIES ST_ARGV_LITERALS ON)
st_unit_test(image_renew unit_image)
target_sources(test_image_renew PRIVATE "${PROJECT_SOURCE_DIR}/shim/launcher/service/refresh.c")
target_include_directories(test_image_renew PRIVATE "${PROJECT_SOURCE_DIR}/shim/launcher")
set_target_properties(test_image_renew PROPERTIES ST_ARGV_LITERALS ON)
st_unit_test(image_unfinished template_image unit_scratch)
target_link_options(test_image_unfinished PRIVATE LINKER:--wrap=close)
st_unit_test(image_room template_image unit_scratch)
st_unit_test(image_sections unit_image PkgConfig::LIBELF)
add_dependencies(test_image_sections image_fixture_names image_fixture_many_names)
st_unit_test(image_symbols unit_image PkgConfig::LIBELF)
foreach(test image_sections image_store image_changing image_start image_fresh
    image_conditions image_forbidden image_eligible image_streams image_cost image_tracee)
  set_target_properties(test_${test} PROPERTIES ST_ARGV_LITERALS ON)
  target_compile_definitions(test_${test} PRIVATE
    FIXTURE_DIR="${CMAKE_BINARY_DIR}/test/unit")
  foreach(fixture IN LISTS fixtures)
    add_dependencies(test_${test} image_fixture_${fixture})
  endforeach()
endforeach()

st_unit_test(self_exe unit_image)
set_target_properties(test_self_exe PROPERTIES ST_ARGV_LITERALS ON)
target_compile_definitions(test_self_exe PRIVATE
  PRELOAD="$<TARGET_FILE:spawn_template_preload>" PROGRAM="$<TARGET_FILE:case_self_exe>")
add_dependencies(test_self_exe spawn_template_preload case_self_exe)
