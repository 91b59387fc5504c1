// What the benchmarks need from C: memory bandwidth, a sampling profiler, and child processes with or without a terminal.
#ifndef CMEASURE_H
#define CMEASURE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes a second of y += a * x over `bytes` of memory in all, counted as two reads and a write, on one thread.
double cm_bandwidth(int64_t bytes, int count);
/// Reads `bytes` of memory in order, and adds them up.
double cm_read(const void *memory, int64_t bytes);

/// Starts to note, every millisecond of processor time, where the running thread is.
int cm_profile_start(void);
/// Stops; returns the number of samples taken since the start.
int64_t cm_profile_stop(void);
/// The program counters, in the order they were taken.
const uintptr_t *cm_profile_samples(void);

/// Starts argv[0] with standard output on *output: the master of a new terminal of 120 x 40 where terminal != 0, else a
/// pipe, with standard error on /dev/null. Returns the process id, or -1.
int cm_spawn(const char *const argv[], const char *folder, int terminal, int *output);
/// Waits for a child; its peak resident memory in bytes. Returns the exit status, 128 + signal, or -1.
int cm_wait(int pid, int64_t *peak_memory);

#ifdef __cplusplus
}
#endif
#endif
