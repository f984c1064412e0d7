# Compiler options of everything in the project.
#
#   st_options          every target: language, warnings as errors
#   st_sanitize         targets that can run under sanitizers, or gcov; empty unless ST_SANITIZE,
#                       ST_FUZZ, ST_SANITIZE_THREADS or ST_COVERAGE

add_library(st_options INTERFACE)
target_compile_definitions(st_options INTERFACE _GNU_SOURCE)
target_include_directories(st_options INTERFACE
  "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/include")
target_compile_options(st_options INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wcast-align -Wcast-qual
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wmissing-declarations
  -Wundef -Wformat=2 -Wconversion -Wno-sign-conversion
  -Wdouble-promotion -Wimplicit-fallthrough -Wnull-dereference -Wswitch-enum
  -fno-common -fno-strict-aliasing)
# Targets with the property ST_ARGV_LITERALS have argument vectors of string literals, for execve().
target_compile_options(st_options INTERFACE
  $<$<NOT:$<BOOL:$<TARGET_PROPERTY:ST_ARGV_LITERALS>>>:-Wwrite-strings>)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(st_options INTERFACE
    -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wjump-misses-init)
else()
  target_compile_options(st_options INTERFACE -Wno-unknown-warning-option)
endif()

add_library(st_sanitize INTERFACE)
set(sanitizers "")
if(ST_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "ST_FUZZ: libFuzzer comes with clang: -DCMAKE_C_COMPILER=clang")
  endif()
  # Without libFuzzer's main(), which the fuzz targets alone have.
  set(sanitizers -fsanitize=fuzzer-no-link,address,undefined)
elseif(ST_SANITIZE)
  set(sanitizers -fsanitize=address,undefined)
endif()
if(sanitizers)
  target_compile_options(st_sanitize INTERFACE
    ${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(st_sanitize INTERFACE ${sanitizers})
endif()
if(ST_SANITIZE_THREADS)
  target_compile_options(st_sanitize INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(st_sanitize INTERFACE -fsanitize=thread)
endif()
