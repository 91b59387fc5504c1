#ifndef WORKBENCH_CALLOCATIONMETER_H
#define WORKBENCH_CALLOCATIONMETER_H

#include <stdint.h>

// Counts what this thread allocates: starts anew, and the most bytes held at once since then. Always 0 without glibc.
void am_start(void);
int64_t am_peak(void);

// Processor time of this thread, seconds.
double am_thread_seconds(void);

#endif
