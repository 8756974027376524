/* Shifts the wall clock of one process by what stands in a file, and counts how often it did. Preloaded by the torture.
 * The monotonic clock stays as it is. The kernel's clock is not shifted, so that a deadline on the wall clock is shifted
 * back before the kernel is asked to wait for it: else a wait would last for the whole jump. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

struct shared { int64_t offset_seconds; int64_t shifted; };
static volatile struct shared *page;
static int (*real_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("TORTURE_CLOCK");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    real_clock_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED) page = mapped;
}

int clock_gettime(clockid_t id, struct timespec *now) {
    if (!real_clock_gettime) begin();
    int failed = real_clock_gettime(id, now);
    if (!failed && page && page->offset_seconds && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        now->tv_sec += page->offset_seconds;
        __sync_fetch_and_add(&page->shifted, 1);
    }
    return failed;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *out, void *zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return 0;
}

static struct timespec for_the_kernel(const struct timespec *deadline) {
    struct timespec real = *deadline;
    /* Below it is a deadline on the monotonic clock, which counts from the machine's start. */
    if (page && real.tv_sec > 1000000000) real.tv_sec -= page->offset_seconds;
    return real;
}

static void *original(const char *name, const char *version) {
    void *found = version ? dlvsym(RTLD_NEXT, name, version) : NULL;
    return found ? found : dlsym(RTLD_NEXT, name);
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *deadline) {
    static int (*real)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    struct timespec shifted = for_the_kernel(deadline);
    /* On x86-64 the oldest version, which a search without one may find, has another layout. */
    if (!real) real = (__typeof__(real))original("pthread_cond_timedwait", "GLIBC_2.3.2");
    return real(condition, mutex, &shifted);
}

int sem_timedwait(sem_t *semaphore, const struct timespec *deadline) {
    static int (*real)(sem_t *, const struct timespec *);
    struct timespec shifted = for_the_kernel(deadline);
    if (!real) real = (__typeof__(real))original("sem_timedwait", NULL);
    return real(semaphore, &shifted);
}

/* What librdkafka waits with. */
int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *deadline) {
    static int (*real)(cnd_t *, mtx_t *, const struct timespec *);
    struct timespec shifted = for_the_kernel(deadline);
    if (!real) real = (__typeof__(real))original("cnd_timedwait", NULL);
    return real(condition, mutex, &shifted);
}
