// A pool of threads for parallel loops. A step has thousands of loops of a millisecond each, and a thread that sleeps
// between them costs its waking every time; these look for the next loop a little while before they sleep.
#ifndef WB_WORKERS_H
#define WB_WORKERS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wb_workers wb_workers;
typedef void (*wb_task)(void *context, int64_t task, int64_t worker);

/// A pool of `threads` workers, the caller of `wb_workers_run` among them. Null where there is no memory. Threads start
/// with the first loop; where the system gives none, the caller does the work.
wb_workers *wb_workers_make(int32_t threads);

/// Runs task(context, i, worker) for every i in 0..<count (below 2^31), handed out in order, and returns when all are
/// done. The caller is worker 0. A loop inside a loop, or beside one of another thread, runs on its caller alone.
void wb_workers_run(wb_workers *pool, int64_t count, wb_task task, void *context);

/// Within a task: runs part(context, i, worker) for every i in 0..<count (below 2^31), handed out in order, and returns
/// when all are done. Workers that find no task left meanwhile take parts as well, each with its own number, so a loop of
/// a few long tasks does not end with a worker waiting for another. Elsewhere, and within a part, the caller runs them
/// alone under the number that it gives.
void wb_workers_share(wb_workers *pool, int64_t worker, int64_t count, wb_task part, void *context);

/// Ends the threads and frees the pool; no loop may be running.
void wb_workers_free(wb_workers *pool);

/// The numbers of the processors that the calling thread may run on, at most `room`; returns how many, 0 where the system
/// does not tell.
int32_t wb_allowed_processors(int32_t *numbers, int32_t room);

#ifdef __cplusplus
}
#endif
#endif
