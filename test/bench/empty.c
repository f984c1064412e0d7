extern int bench_empty;
int bench_empty;
