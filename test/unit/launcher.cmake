# Tests of what the command is made of.

st_unit_test(security launcher unit_scratch)
st_unit_test(offenders launcher unit_scratch)
st_unit_test(bakery launcher unit_image)
target_sources(test_bakery PRIVATE
  "${PROJECT_SOURCE_DIR}/shim/launcher/service/bakery.c" $<TARGET_OBJECTS:template_calls>)
set_target_properties(test_bakery PROPERTIES ST_ARGV_LITERALS ON)
