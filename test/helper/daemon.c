/* What a small daemon of a user's may look like. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stopping;

static void stop(int number) {
    (void)number;
    stopping = 1;
}

static bool write_status(const char *path, uint64_t beats) {
    char now[32];
    time_t seconds = time(NULL);
    struct tm local;
    FILE *file = fopen(path, "w");
    if (!file) return false;
    strftime(now, sizeof now, "%Y-%m-%d %H:%M:%S", localtime_r(&seconds, &local));
    fprintf(file, "%s %" PRIu64 "\n", now, beats);
    return fclose(file) == 0;
}

int main(int argc, char **argv) {
    const char *home = getenv("HOME");
    struct stat info;
    char *path = malloc(1024);
    assert(argc > 0 && path);
    snprintf(path, 1024, "%s/%s.status", home ? home : "/tmp", argv[0]);
    signal(SIGTERM, stop);
    for (uint64_t beats = 0; !stopping; beats++) {
        if (!write_status(path, beats) || stat(path, &info) != 0) {
            fprintf(stderr, "%s: %s\n", path, strerror(errno));
            return EXIT_FAILURE;
        }
        printf("%lld bytes\n", (long long)info.st_size);
        sleep(1);
    }
    free(path);
    return EXIT_SUCCESS;
}
