# What a caller sees.

add_library(cases_attempt STATIC caller/attempt.c)
target_link_libraries(cases_attempt PUBLIC cases_common)

st_case_program(show caller/show.c)
st_case_program(launch caller/launch.c)
add_executable(case_quick caller/quick.c)
target_link_libraries(case_quick PRIVATE st_options)
target_compile_options(case_quick PRIVATE -fno-pie -fno-stack-protector)
target_link_options(case_quick PRIVATE -nostdlib -static -no-pie)
set_target_properties(case_quick PROPERTIES
  OUTPUT_NAME quick RUNTIME_OUTPUT_DIRECTORY "${ST_CASES_BIN}" POSITION_INDEPENDENT_CODE OFF)

foreach(name IN ITEMS
    errors pointers wait descriptors vfork system popen threads handler environment status limits
    filter tracer denied environ stacks gone)
  st_case_program(${name} caller/${name}.c)
endforeach()
target_link_libraries(case_errors PRIVATE cases_attempt)
target_link_libraries(case_pointers PRIVATE cases_attempt)
foreach(name IN ITEMS system popen threads handler environ stacks)
  target_link_libraries(case_${name} PRIVATE Threads::Threads)
endforeach()
# Cancellation unwinds through frames with cleanups.
target_compile_options(case_system PRIVATE -fexceptions)
# It passes null pointers and crashes on purpose.
target_compile_options(case_pointers PRIVATE -Wno-nonnull -Wno-null-dereference)
st_case_program(path_search path/search.c)
target_link_libraries(case_path_search PRIVATE cases_attempt)

foreach(name IN ITEMS errors wait descriptors vfork system popen threads handler environment
    status limits filter tracer denied environ stacks)
  st_compare(caller.${name} "${ST_CASES_BIN}/${name}")
endforeach()
st_compare(caller.gone expect_image=1 "${ST_CASES_BIN}/gone")
# test/unit/test_self_exe.c compares the same lines with those of an image.
st_case_program(self_exe caller/self_exe.c)
target_link_libraries(case_self_exe PRIVATE ${CMAKE_DL_LIBS})
target_compile_options(case_self_exe PRIVATE -Wno-nonnull)
set_target_properties(case_self_exe PROPERTIES ST_ARGV_LITERALS ON)
foreach(what IN ITEMS links files stats starts nowhere)
  st_compare(caller.self_exe_${what} expect_starts=0 "${ST_CASES_BIN}/self_exe" ${what})
endforeach()
st_case(caller.pointers caller/pointers.sh)
st_case(caller.counts caller/counts.sh)
st_case(caller.binding caller/binding.sh)
st_case(caller.users caller/users.sh)
st_case(caller.nonsense caller/nonsense.sh)
st_compare(path.search "${ST_CASES_BIN}/path_search")
# They wait for time to pass, or use much of it.
set_tests_properties(cases.caller.vfork cases.caller.errors cases.caller.pointers
  cases.caller.handler cases.caller.nonsense cases.path.search PROPERTIES TIMEOUT 900)
