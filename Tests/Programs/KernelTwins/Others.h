// What is no kernel of a table: SHA-256, the pool of threads, and tiles on threads that ran before they were granted.
#ifndef OTHERS_H
#define OTHERS_H

#include <stdbool.h>

/// Must be the first to ask for the level. Whether all was well.
bool run_others(void);

#endif
