# Tests of what the command is made of.

st_unit_test(security launcher unit_scratch)
st_unit_test(offenders launcher unit_scratch)
