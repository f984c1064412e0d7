#ifndef ST_LAUNCHER_CLOCK_H
#define ST_LAUNCHER_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC in milliseconds: clock_gettime(2). */
int64_t clock_ms(void);

#endif
