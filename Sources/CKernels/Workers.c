#define _GNU_SOURCE
#include "Workers.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#define REST() __builtin_ia32_pause()
#elif defined(__aarch64__)
// Most processors make nothing of `yield`; this waits some tens of cycles, as x86's pause does.
#define REST() __asm__ volatile("isb")
#else
#define REST() ((void)0)
#endif

/// The pool whose task this thread is in, outside the task's parts; null elsewhere.
static _Thread_local wb_workers *inside;

/// Looks before a thread sleeps: some fifty microseconds, about what waking it costs.
enum { WB_LOOKS = 4000 };

typedef struct helper {
  wb_workers *pool;
  int64_t number;
  pthread_t thread;
} helper;

/// The parts of one worker's task. `claims` holds (number of parts << 32 | next part), on a cache line of its own, since
/// those who look for work read it all the time.
///
/// Why this is safe: as with tasks below, a part is claimed by compare-and-swap, `part` and `context` were written before
/// `claims` and are read after a claim, and their worker changes them only when all claimed parts have counted up `done`.
/// So a part that is being run keeps its task from ending, and thereby the loop. A taker of parts is in no task of its
/// own, or in the very one that they belong to, so its number's scratch memory is free.
typedef struct share {
  _Alignas(64) _Atomic uint64_t claims;
  _Atomic int64_t done;
  wb_task part;
  void *context;
} share;

/// Why this is safe. `claims` holds (number of tasks << 32 | next task) of the current loop. A task is claimed by adding
/// one to it in a compare-and-swap, so a success claims an unclaimed task of the loop that is current at that instant.
/// That loop cannot end before its claimed tasks have counted up `done`, so `task` and `context`, read after the claim,
/// are its own; they were written before `claims` was published. The next loop begins only after `done` was seen full.
/// A sleeper counts itself, then looks again; a caller publishes, then looks for sleepers: sequentially consistent, so
/// one sees the other. The caller's own sleep is the same with `waits` and `done`.
///
/// What every thread writes, and what only one does, lie on cache lines of their own.
struct wb_workers {
  _Alignas(64) _Atomic uint64_t claims;
  _Alignas(64) _Atomic int64_t done;
  _Alignas(64) _Atomic int32_t sleepers;
  _Atomic int32_t waits;
  _Atomic bool busy, ends;
  _Alignas(64) wb_task task;
  void *context;
  pthread_mutex_t lock;
  pthread_cond_t begins, finished;
  int32_t wanted, started;
  bool tried;
  share *shares;
  helper helpers[];
};

static bool has_work(wb_workers *pool) {
  uint64_t claims = atomic_load(&pool->claims);
  return (uint32_t)claims < claims >> 32;
}

/// Claims and does one part of a task; false where none is left.
static bool take(share *from, int64_t worker) {
  uint64_t claims = atomic_load(&from->claims);
  while ((uint32_t)claims < claims >> 32) {
    if (!atomic_compare_exchange_weak(&from->claims, &claims, claims + 1)) continue;
    wb_workers *outside = inside;
    inside = NULL;
    from->part(from->context, (int64_t)(uint32_t)claims, worker);
    inside = outside;
    atomic_fetch_add(&from->done, 1);
    return true;
  }
  return false;
}

/// Does one part of another worker's task; false where none is left.
static bool lend(wb_workers *pool, int64_t worker) {
  for (int32_t i = 0; i <= pool->wanted; i++) {
    if (i != worker && take(&pool->shares[i], worker)) return true;
  }
  return false;
}

void wb_workers_share(wb_workers *pool, int64_t worker, int64_t count, wb_task part, void *context) {
  if (count < 2 || !pool || inside != pool) {
    for (int64_t i = 0; i < count; i++) part(context, i, worker);
    return;
  }
  share *own = &pool->shares[worker];
  own->part = part;
  own->context = context;
  atomic_store(&own->done, 0);
  atomic_store(&own->claims, (uint64_t)count << 32);
  while (take(own, worker)) {}
  for (int looks = 0; atomic_load(&own->done) < count; looks++) {
    if (looks < WB_LOOKS) REST();
    else sched_yield();
  }
}

/// Claims and does tasks until none are left.
static void work(wb_workers *pool, int64_t worker) {
  wb_workers *outside = inside;
  inside = pool;
  uint64_t claims = atomic_load(&pool->claims);
  while ((uint32_t)claims < claims >> 32) {
    if (!atomic_compare_exchange_weak(&pool->claims, &claims, claims + 1)) continue;
    pool->task(pool->context, (int64_t)(uint32_t)claims, worker);
    // After this the loop may be over, so nothing of it is read any more.
    int64_t total = (int64_t)(claims >> 32);
    if (atomic_fetch_add(&pool->done, 1) + 1 == total && atomic_load(&pool->waits)) {
      pthread_mutex_lock(&pool->lock);
      pthread_cond_signal(&pool->finished);
      pthread_mutex_unlock(&pool->lock);
    }
    claims = atomic_load(&pool->claims);
  }
  inside = outside;
}

static void *help(void *argument) {
  helper *self = argument;
  wb_workers *pool = self->pool;
  while (!atomic_load(&pool->ends)) {
    for (int looks = 0; looks < WB_LOOKS && !has_work(pool) && !atomic_load(&pool->ends); looks++) {
      if (lend(pool, self->number)) looks = 0;
      REST();
    }
    if (!has_work(pool)) {
      pthread_mutex_lock(&pool->lock);
      atomic_fetch_add(&pool->sleepers, 1);
      // Once: a thread that comes too late for a task looks for parts.
      if (!has_work(pool) && !atomic_load(&pool->ends)) pthread_cond_wait(&pool->begins, &pool->lock);
      atomic_fetch_sub(&pool->sleepers, 1);
      pthread_mutex_unlock(&pool->lock);
    }
    work(pool, self->number);
  }
  return NULL;
}

/// Signals are for the program's own threads; the profiler's clock is for all.
static void start(wb_workers *pool) {
  pool->tried = true;
  sigset_t all, before;
  sigfillset(&all);
  int kept[] = {SIGILL, SIGTRAP, SIGFPE, SIGBUS, SIGSEGV, SIGPROF};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) sigdelset(&all, kept[i]);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (int32_t i = 0; i < pool->wanted; i++) {
    helper *next = &pool->helpers[i];
    *next = (helper){.pool = pool, .number = i + 1};
    if (pthread_create(&next->thread, NULL, help, next)) break;
    pool->started++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

wb_workers *wb_workers_make(int32_t threads) {
  int32_t wanted = threads > 1 ? threads - 1 : 0;
  const size_t size = (sizeof(wb_workers) + (size_t)wanted * sizeof(helper) + 63) / 64 * 64;
  wb_workers *pool = aligned_alloc(_Alignof(wb_workers), size);
  share *shares = aligned_alloc(_Alignof(share), ((size_t)wanted + 1) * sizeof(share));
  if (!pool || !shares) {
    free(pool);
    free(shares);
    return NULL;
  }
  memset(pool, 0, size);
  memset(shares, 0, ((size_t)wanted + 1) * sizeof(share));
  pool->shares = shares;
  pool->wanted = wanted;
  pthread_mutex_init(&pool->lock, NULL);
  pthread_cond_init(&pool->begins, NULL);
  pthread_cond_init(&pool->finished, NULL);
  return pool;
}

void wb_workers_run(wb_workers *pool, int64_t count, wb_task task, void *context) {
  bool free = false;
  if (count < 2 || pool->wanted == 0 || !atomic_compare_exchange_strong(&pool->busy, &free, true)) {
    wb_workers *outside = inside;
    inside = NULL;
    for (int64_t i = 0; i < count; i++) task(context, i, 0);
    inside = outside;
    return;
  }
  if (!pool->tried) start(pool);
  pool->task = task;
  pool->context = context;
  atomic_store(&pool->done, 0);
  atomic_store(&pool->claims, (uint64_t)count << 32);
  if (atomic_load(&pool->sleepers)) {
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->begins);
    pthread_mutex_unlock(&pool->lock);
  }
  work(pool, 0);
  for (int looks = 0; looks < WB_LOOKS && atomic_load(&pool->done) < count; looks++) {
    if (lend(pool, 0)) looks = 0;
    REST();
  }
  if (atomic_load(&pool->done) < count) {
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->waits, 1);
    while (atomic_load(&pool->done) < count) pthread_cond_wait(&pool->finished, &pool->lock);
    atomic_store(&pool->waits, 0);
    pthread_mutex_unlock(&pool->lock);
  }
  atomic_store(&pool->busy, false);
}

void wb_workers_free(wb_workers *pool) {
  pthread_mutex_lock(&pool->lock);
  atomic_store(&pool->ends, true);
  pthread_cond_broadcast(&pool->begins);
  pthread_mutex_unlock(&pool->lock);
  for (int32_t i = 0; i < pool->started; i++) pthread_join(pool->helpers[i].thread, NULL);
  pthread_cond_destroy(&pool->begins);
  pthread_cond_destroy(&pool->finished);
  pthread_mutex_destroy(&pool->lock);
  free(pool->shares);
  free(pool);
}

int32_t wb_allowed_processors(int32_t *numbers, int32_t room) {
  int32_t found = 0;
#if defined(__linux__)
  // The kernel refuses a mask that is shorter than its own.
  for (size_t processors = 1024; processors <= 1 << 16; processors *= 2) {
    cpu_set_t *mask = CPU_ALLOC(processors);
    if (!mask) return 0;
    const size_t size = CPU_ALLOC_SIZE(processors);
    const int refused = sched_getaffinity(0, size, mask);
    for (size_t i = 0; !refused && i < processors; i++)
      if (CPU_ISSET_S(i, size, mask) && found < room) numbers[found++] = (int32_t)i;
    CPU_FREE(mask);
    if (!refused) break;
  }
#else
  (void)numbers, (void)room;
#endif
  return found;
}
