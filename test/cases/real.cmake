# Small projects and scripts.

foreach(compiler IN ITEMS gcc clang)
  foreach(tool IN ITEMS make ninja)
    st_case(real.${tool}_${compiler} real/build.sh ${tool} ${compiler})
  endforeach()
endforeach()
foreach(shell IN ITEMS bash dash zsh sh)
  st_case(real.script_${shell} real/script.sh ${shell})
endforeach()
st_case(real.python real/processes.sh)
st_case(real.configure real/configure.sh)
