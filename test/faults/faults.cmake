# Faults and load: what goes wrong on purpose, and a great many starts.  Each script here is the
# CTest test cases.faults.NAME, in a form that takes seconds; `sh test/faults/run.sh NAME --count N`
# runs it for longer.

set(ST_FAULTS_SRC "${CMAKE_CURRENT_LIST_DIR}")
set(faults_environment
  ${ST_CASES_ENVIRONMENT}
  "ST_FAULTS_SRC=${ST_FAULTS_SRC}"
  "ST_COMMAND=$<TARGET_FILE:spawn-template>")
list(JOIN faults_environment "'\nexport '" faults_exports)
file(GENERATE OUTPUT "${CMAKE_BINARY_DIR}/test/faults/environment"
  CONTENT "export '${faults_exports}'\n")

# st_fault(NAME)
function(st_fault name)
  # A sanitized command needs the memory and the system calls that these take away.
  if(ST_SANITIZE AND NOT name STREQUAL "starts")
    return()
  endif()
  add_test(NAME cases.faults.${name} COMMAND
    "${ST_CASES_BIN}/session" system "${ST_CASES_BIN}"
    /bin/sh "${ST_FAULTS_SRC}/${name}.sh")
  set_tests_properties(cases.faults.${name} PROPERTIES
    LABELS cases TIMEOUT 600 SKIP_RETURN_CODE 77 ENVIRONMENT "${faults_environment}")
endfunction()

st_case_program(load ../faults/load.c ../faults/load_caller.c ../faults/load_targets.c)
target_link_libraries(case_load PRIVATE Threads::Threads)
st_fault(load)

add_library(faults_trace STATIC ../faults/trace.c)
target_link_libraries(faults_trace PUBLIC cases_common)
st_case_program(starts ../faults/starts.c)
target_link_libraries(case_starts PRIVATE faults_trace)
st_case_program(starts_target ../faults/starts_target.c)
st_fault(starts)

st_case_program(trace_command ../faults/trace_command.c)
target_link_libraries(case_trace_command PRIVATE faults_trace)
st_fault(bake)
st_fault(launcher)
st_case_program(kills ../faults/kills.c)
st_fault(kills)
st_fault(limits)
