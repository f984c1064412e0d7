# Programs of our own that use what is hard to keep: each is compiled with what its package has.
# shellcheck shell=sh disable=SC2016,SC2154
program cxx-program g++ "$made/cxx" start
program gomp-program libgomp1 "$made/gomp"
program openblas-program libopenblas-dev "$made/openblas"
program jemalloc-program libjemalloc-dev "$made/jemalloc"
program gnutls-program libgnutls28-dev "$made/gnutls"
program gcrypt-program libgcrypt20-dev "$made/gcrypt"
program nss-program libnss3-dev "$made/nss"

prepare_cxx_program()
{
    g++ -std=c++17 -O1 -shared -fPIC "$families/plugin.cc" -o plugin.so &&
        g++ -std=c++17 -O1 -pthread "$families/cxx.cc" -o cxx
}
prepare_gomp_program() { gcc -O1 -fopenmp "$families/gomp.c" -o gomp; }
prepare_openblas_program() { gcc -O1 "$families/openblas.c" -o openblas -lopenblas; }
prepare_jemalloc_program() { gcc -O1 -pthread "$families/jemalloc.c" -o jemalloc -ljemalloc; }
prepare_gnutls_program() { gcc -O1 "$families/gnutls.c" -o gnutls -lgnutls; }
prepare_gcrypt_program() { gcc -O1 "$families/gcrypt.c" -o gcrypt -lgcrypt; }
prepare_nss_program()
{
    gcc -O1 -I/usr/include/nss -I/usr/include/nspr "$families/nss.c" -o nss -lnss3 -lnspr4
}

uses_cxx_program()
{
    use '"$program" start; "$program" locale; "$program" exceptions; "$program" threads'
    use '"$program" plugin "$made/plugin.so"; "$program" plugin missing.so'
    use '"$program" uncaught; echo "$?"'
    use '"$program" exit; echo "$?"; echo 3 4 x | "$program" stream; "$program" >/dev/full; echo $?'
}
uses_gomp_program()
{
    use '"$program"; OMP_NUM_THREADS=3 "$program" 5; OMP_SCHEDULE=dynamic,2 "$program" 1000'
    use 'OMP_THREAD_LIMIT=1 "$program" 7; OMP_NUM_THREADS=nonsense "$program" 2; OMP_DISPLAY_ENV=true OMP_NUM_THREADS=2 "$program" 3'
}
uses_openblas_program()
{
    use '"$program"; OPENBLAS_NUM_THREADS=1 "$program" 60; OPENBLAS_CORETYPE=Haswell "$program" 8; OPENBLAS_VERBOSE=2 "$program" 4'
}
uses_jemalloc_program()
{
    use '"$program"; "$program" 100000; MALLOC_CONF=narenas:1 "$program"; MALLOC_CONF=nonsense "$program"; MALLOC_CONF=junk:true,stats_print:false "$program" 10'
}
uses_gnutls_program() { use '"$program"; "$program" text "more text"; GNUTLS_DEBUG_LEVEL=0 "$program" x; GNUTLS_FORCE_FIPS_MODE=0 "$program"'; }
uses_gcrypt_program() { use '"$program"; "$program" text "more text"'; }
uses_nss_program() { use '"$program"; "$program" text "more text"'; }
