/*
 * Sizes and places of what the system fills in or reads, as they are in libSystem on arm64 and x86_64.
 * Compiled against this package's headers and, where zig is at hand, against Apple's.
 */
#include <dirent.h>
#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), "size of " #type)
#define AT(type, member, byte) _Static_assert(offsetof(type, member) == (byte), #type "." #member)
#define SIGNED(type) _Static_assert((type)-1 < 0, #type)
#define UNSIGNED(type) _Static_assert((type)-1 > 0, #type)

SIZE(blkcnt_t, 8);
SIZE(blksize_t, 4);
SIZE(clock_t, 8);
SIZE(dev_t, 4);
SIZE(gid_t, 4);
SIZE(id_t, 4);
SIZE(idtype_t, 4);
SIZE(ino_t, 8);
SIZE(mode_t, 2);
SIZE(nlink_t, 2);
SIZE(off_t, 8);
SIZE(pid_t, 4);
SIZE(rlim_t, 8);
SIZE(sig_atomic_t, 4);
SIZE(sigset_t, 4);
SIZE(ssize_t, 8);
SIZE(suseconds_t, 4);
SIZE(time_t, 8);
SIZE(uid_t, 4);
SIZE(useconds_t, 4);
SIGNED(pid_t);
SIGNED(off_t);
SIGNED(time_t);
UNSIGNED(uid_t);
UNSIGNED(gid_t);
UNSIGNED(mode_t);
UNSIGNED(ino_t);

SIZE(struct timespec, 16);
AT(struct timespec, tv_nsec, 8);
SIZE(struct timeval, 16);
AT(struct timeval, tv_usec, 8);
SIZE(struct rlimit, 16);
AT(struct rlimit, rlim_max, 8);

SIZE(struct tm, 56);
AT(struct tm, tm_sec, 0);
AT(struct tm, tm_min, 4);
AT(struct tm, tm_hour, 8);
AT(struct tm, tm_mday, 12);
AT(struct tm, tm_mon, 16);
AT(struct tm, tm_year, 20);
AT(struct tm, tm_wday, 24);
AT(struct tm, tm_yday, 28);
AT(struct tm, tm_isdst, 32);
AT(struct tm, tm_gmtoff, 40);
AT(struct tm, tm_zone, 48);

SIZE(struct sigaction, 16);
AT(struct sigaction, sa_handler, 0);
AT(struct sigaction, sa_sigaction, 0);
AT(struct sigaction, sa_mask, 8);
AT(struct sigaction, sa_flags, 12);

SIZE(siginfo_t, 104);
AT(siginfo_t, si_signo, 0);
AT(siginfo_t, si_errno, 4);
AT(siginfo_t, si_code, 8);
AT(siginfo_t, si_pid, 12);
AT(siginfo_t, si_uid, 16);
AT(siginfo_t, si_status, 20);
AT(siginfo_t, si_addr, 24);
AT(siginfo_t, si_value, 32);
AT(siginfo_t, si_band, 40);

SIZE(struct dirent, 1048);
AT(struct dirent, d_ino, 0);
AT(struct dirent, d_seekoff, 8);
AT(struct dirent, d_reclen, 16);
AT(struct dirent, d_namlen, 18);
AT(struct dirent, d_type, 20);
AT(struct dirent, d_name, 21);

SIZE(struct stat, 144);
AT(struct stat, st_dev, 0);
AT(struct stat, st_mode, 4);
AT(struct stat, st_nlink, 6);
AT(struct stat, st_ino, 8);
AT(struct stat, st_uid, 16);
AT(struct stat, st_gid, 20);
AT(struct stat, st_rdev, 24);
AT(struct stat, st_atimespec, 32);
AT(struct stat, st_mtimespec, 48);
AT(struct stat, st_ctimespec, 64);
AT(struct stat, st_birthtimespec, 80);
AT(struct stat, st_size, 96);
AT(struct stat, st_blocks, 104);
AT(struct stat, st_blksize, 112);
AT(struct stat, st_flags, 116);
AT(struct stat, st_gen, 120);

#if !defined(_W_INT) /* Apple's macros take variables only, of which nothing can be asserted here */
_Static_assert(WIFEXITED(7 << 8) && WEXITSTATUS(7 << 8) == 7 && !WIFSIGNALED(7 << 8), "exit status 7");
_Static_assert(WIFSIGNALED(9) && WTERMSIG(9) == 9 && !WIFEXITED(9), "killed by signal 9");
_Static_assert(WIFSIGNALED(0200 | 11) && WTERMSIG(0200 | 11) == 11, "killed by signal 11, with a core file");
_Static_assert(WIFSTOPPED(0177 | 17 << 8) && WSTOPSIG(0177 | 17 << 8) == 17, "stopped by signal 17");
_Static_assert(WIFCONTINUED(0177 | 19 << 8) && !WIFSTOPPED(0177 | 19 << 8), "continued");
#endif
