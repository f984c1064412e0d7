# LD_PRELOAD itself, and the preload as a file.

foreach(kind IN ITEMS
    elf32 musl asan asan_clang asan_static tsan lsan ubsan static static_pie static_musl no_libc
    exceptions)
  st_case(hygiene.${kind} hygiene/kinds.sh ${kind})
  # Some hundred runs, of programs that may be slow to start.
  set_tests_properties(cases.hygiene.${kind} PROPERTIES TIMEOUT 900)
endforeach()
foreach(kind IN ITEMS asan asan_static tsan)
  st_case(hygiene.sanitized_${kind} hygiene/sanitized.sh ${kind})
  set_tests_properties(cases.hygiene.sanitized_${kind} PROPERTIES TIMEOUT 900)
endforeach()
st_case(hygiene.order hygiene/order.sh)
st_case(hygiene.inherit hygiene/inherit.sh)
foreach(tool IN ITEMS fakeroot faketime eatmydata jemalloc valgrind strace gdb)
  st_case(hygiene.with_${tool} hygiene/together.sh ${tool})
endforeach()

st_case(symbols symbols/symbols.sh)

st_case_program(faults tax/faults.c)
foreach(what IN ITEMS calls faults instructions starts spawn)
  st_case(tax.${what} tax/tax.sh ${what})
endforeach()
