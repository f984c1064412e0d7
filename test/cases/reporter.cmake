# The reporter through every mechanism.

st_case_program(reporter
  reporter/main.c reporter/files.c reporter/state.c reporter/arguments.c reporter/descriptors.c
  reporter/signals.c reporter/process.c reporter/credentials.c reporter/limits.c
  reporter/kernel_state.c reporter/malloc.c reporter/stack.c reporter/linking.c
  reporter/threads.c reporter/runtime.c reporter/clock.c reporter/stdio.c)
# Its functions have names that dladdr() finds.
set_target_properties(case_reporter PROPERTIES ENABLE_EXPORTS ON C_VISIBILITY_PRESET default)
target_link_libraries(case_reporter PRIVATE Threads::Threads ${CMAKE_DL_LIBS})

st_case_program(start start/main.c start/setup.c start/states.c start/execs.c start/spawns.c start/shells.c)
target_link_libraries(case_start PRIVATE Threads::Threads ${CMAKE_DL_LIBS})

# Those that the kernel engine can take: the others are libc's in every mode.
set(ST_KERNEL_MECHANISMS
  posix_spawn posix_spawnp posix_spawn_2_2_5 posix_spawnp_2_2_5 spawn_actions spawn_chdir
  spawn_keep spawn_signals spawn_usevfork)
set(ST_OTHER_MECHANISMS
  pidfd_spawn spawn_pgroup spawn_setsid spawn_resetids spawn_scheduler
  execve execv execvp execvp_slash execvpe execl execlp execle execveat execveat_directory
  execveat_empty_path fexecve fexecve_o_path vfork vfork_execvp clone
  system system_exec popen_read popen_write)
# Otherwise nobody can call it but by syscall(2), which is not ours to see.
if(NOT ST_LIBC_HAS_execveat)
  list(FILTER ST_OTHER_MECHANISMS EXCLUDE REGEX "^execveat")
endif()
foreach(mechanism IN LISTS ST_KERNEL_MECHANISMS)
  st_case(report.${mechanism} start/mechanism.sh ${mechanism} kernel)
endforeach()
foreach(mechanism IN LISTS ST_OTHER_MECHANISMS)
  st_case(report.${mechanism} start/mechanism.sh ${mechanism} libc)
endforeach()

# Callers in one state or another.
foreach(state IN ITEMS
    threads streams descriptors path group session terminal nobody effective capabilities namespaces
    cgroup)
  st_case(report.state_${state} start/state.sh ${state})
endforeach()

# Programs that start others.
foreach(tool IN ITEMS
    sh bash dash zsh fish make make_exec ninja python_vfork python_posix_spawn python_fork
    xargs find hashbang env nohup nice timeout setsid stdbuf perl awk script expect)
  st_case(report.tool_${tool} start/tool.sh ${tool})
endforeach()
