/* A program linked with OpenBLAS, whose constructor asks for the CPU and starts threads. */
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 200;
	double *a = calloc((size_t)n * n, sizeof *a);
	double *c = calloc((size_t)n * n, sizeof *c);

	if (!a || !c)
		return 1;
	for (int i = 0; i < n * n; i++)
		a[i] = i % 7;
	cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, n, 1, a, n, a, n, 0, c, n);
	printf("%.1f %.1f %s %d\n", cblas_dasum(n * n, c, 1), c[n + 1], openblas_get_corename(),
	       openblas_get_num_threads());
	free(a);
	free(c);
	return 0;
}
