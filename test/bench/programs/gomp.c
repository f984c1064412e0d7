/* A program linked with libgomp, whose constructor reads the environment and counts CPUs. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 100;
	double sum = 0;
	int threads = 0;

#pragma omp parallel reduction(+ : sum)
	{
#pragma omp single
		threads = omp_get_num_threads();
#pragma omp for schedule(runtime)
		for (int i = 0; i < n; i++)
			sum += i * 0.5;
	}
	printf("%d %.1f %d %d %d\n", threads, sum, omp_get_max_threads(), omp_get_num_procs(),
	       omp_get_thread_limit() > 1);
	return 0;
}
