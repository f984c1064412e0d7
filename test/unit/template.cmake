# Tests of shim/template.  kernel_stub.c takes the place of the system calls.

add_library(unit_spawn STATIC spawn_fixture.c both_ways.c kernel_fixture.c kernel_stub.c)
target_link_libraries(unit_spawn PUBLIC template unit_scratch PkgConfig::CHECK st_options
  st_sanitize)

find_package(Threads REQUIRED)

st_unit_test(actions unit_spawn)
st_unit_test(child unit_spawn Threads::Threads)
st_unit_test(translate unit_spawn)
st_unit_test(translate_run unit_spawn)
st_unit_test(translate_here unit_spawn)
st_unit_test(kernel_abi unit_spawn)
st_unit_test(kernel unit_spawn)
st_unit_test(kernel_failure unit_spawn)
st_unit_test(kernel_child unit_spawn Threads::Threads)
st_unit_test(kernel_template unit_spawn)
st_unit_test(kernel_descriptor unit_spawn Threads::Threads)

# The public library: its source on the emulated calls, and the library itself.
st_unit_test(api unit_spawn Threads::Threads)
target_sources(test_api PRIVATE "${PROJECT_SOURCE_DIR}/shim/template/api.c")
target_compile_definitions(test_api PRIVATE
  ST_KERNEL_NR_DEFAULT="472,473" ST_TEST_VERSION="${PROJECT_VERSION}")
st_unit_test(api_library spawn_template unit_scratch ${CMAKE_DL_LIBS})
