// What the process needs of the system before anything else does: memory whose refusal is said, and threads that can be
// made.
#ifndef WORKBENCH_CPROCESS_H
#define WORKBENCH_CPROCESS_H

#include <stdint.h>

/// Call first. Where the address space is limited (`ulimit -v`), the allocator is told to keep within few arenas, each of
/// which would reserve 64 MB, and the main thread's stack is grown while there is room for it.
///
/// Linking this module is enough for the rest: an allocation that the system refuses ends the process with one sentence and
/// docs/commands.md's exit code 5, the terminal put back, where it would otherwise be a crash in whatever asked for it.
void cp_begin(void);

/// How many of `wanted` threads the system makes beside the present ones. They are gone when this returns.
int32_t cp_threads(int32_t wanted);

#endif
