// What guard.c needs of mapped.c.
#ifndef WORKBENCH_MAPPED_H
#define WORKBENCH_MAPPED_H

#include <signal.h>

/// If the fault is a mapped file's, says so and ends the process (cterminal.h, `ct_mapped_guard`); returns otherwise.
/// Async-signal-safe.
void ct_mapped_report(const siginfo_t *info);

#endif
