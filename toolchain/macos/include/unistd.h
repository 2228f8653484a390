#pragma once
#include <sys/types.h>

#define STDIN_FILENO 0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2
#define F_OK 0
#define X_OK 1
#define W_OK 2
#define R_OK 4
#ifndef SEEK_SET
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#endif
#define _SC_OPEN_MAX 5
#define _SC_PAGESIZE 29
#define _SC_NPROCESSORS_ONLN 58

extern char *optarg;
extern int optind;
extern int opterr;
extern int optopt;

_Noreturn void _exit(int status);
int access(const char *path, int mode);
unsigned int alarm(unsigned int seconds);
int chdir(const char *path);
int chown(const char *path, uid_t user, gid_t group);
int close(int fd);
int dup(int fd);
int dup2(int fd, int as);
int execl(const char *path, const char *argument, ...) __attribute__((sentinel));
int execle(const char *path, const char *argument, ...);
int execlp(const char *file, const char *argument, ...) __attribute__((sentinel));
int execv(const char *path, char *const arguments[]);
int execve(const char *path, char *const arguments[], char *const environment[]);
int execvp(const char *file, char *const arguments[]);
int fchdir(int fd);
pid_t fork(void);
int fsync(int fd);
int ftruncate(int fd, off_t size);
char *getcwd(char *into, size_t size);
gid_t getegid(void);
uid_t geteuid(void);
gid_t getgid(void);
int gethostname(char *into, size_t size);
int getopt(int count, char *const arguments[], const char *options);
pid_t getpgrp(void);
pid_t getpid(void);
pid_t getppid(void);
uid_t getuid(void);
int isatty(int fd);
int issetugid(void);
int link(const char *from, const char *to);
off_t lseek(int fd, off_t offset, int whence);
int pause(void);
int pipe(int ends[2]);
ssize_t pread(int fd, void *into, size_t size, off_t at);
ssize_t pwrite(int fd, const void *from, size_t size, off_t at);
ssize_t read(int fd, void *into, size_t size);
ssize_t readlink(const char *path, char *into, size_t size);
int rmdir(const char *path);
int setegid(gid_t group);
int seteuid(uid_t user);
int setgid(gid_t group);
int setpgid(pid_t pid, pid_t group);
pid_t setsid(void);
int setuid(uid_t user);
unsigned int sleep(unsigned int seconds);
int symlink(const char *target, const char *path);
long sysconf(int name);
int unlink(const char *path);
int usleep(useconds_t microseconds);
ssize_t write(int fd, const void *from, size_t size);
