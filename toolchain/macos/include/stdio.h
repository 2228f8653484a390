#pragma once
#include <stdarg.h>
#include <sys/types.h>

#define BUFSIZ 1024
#define EOF (-1)
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#define _IOFBF 0
#define _IOLBF 1
#define _IONBF 2

typedef struct stream FILE;

extern FILE *__stdinp;
extern FILE *__stdoutp;
extern FILE *__stderrp;
#define stdin __stdinp
#define stdout __stdoutp
#define stderr __stderrp

#define _FORMAT(kind, text, values) __attribute__((format(kind, text, values)))

void clearerr(FILE *stream);
int dprintf(int fd, const char *format, ...) _FORMAT(printf, 2, 3);
int fclose(FILE *stream);
FILE *fdopen(int fd, const char *mode);
int feof(FILE *stream);
int ferror(FILE *stream);
int fflush(FILE *stream);
int fgetc(FILE *stream);
char *fgets(char *into, int size, FILE *stream);
int fileno(FILE *stream);
FILE *fopen(const char *path, const char *mode);
int fprintf(FILE *stream, const char *format, ...) _FORMAT(printf, 2, 3);
int fputc(int c, FILE *stream);
int fputs(const char *text, FILE *stream);
size_t fread(void *into, size_t size, size_t count, FILE *stream);
FILE *freopen(const char *path, const char *mode, FILE *stream);
int fscanf(FILE *stream, const char *format, ...) _FORMAT(scanf, 2, 3);
int fseek(FILE *stream, long offset, int whence);
int fseeko(FILE *stream, off_t offset, int whence);
long ftell(FILE *stream);
off_t ftello(FILE *stream);
size_t fwrite(const void *from, size_t size, size_t count, FILE *stream);
int getc(FILE *stream);
int getchar(void);
ssize_t getline(char **line, size_t *room, FILE *stream);
int pclose(FILE *stream);
void perror(const char *message);
FILE *popen(const char *command, const char *mode);
int printf(const char *format, ...) _FORMAT(printf, 1, 2);
int putc(int c, FILE *stream);
int putchar(int c);
int puts(const char *text);
int remove(const char *path);
int rename(const char *from, const char *to);
void rewind(FILE *stream);
void setbuf(FILE *stream, char *buffer);
int setvbuf(FILE *stream, char *buffer, int mode, size_t size);
int snprintf(char *into, size_t size, const char *format, ...) _FORMAT(printf, 3, 4);
int sprintf(char *into, const char *format, ...) _FORMAT(printf, 2, 3);
int sscanf(const char *text, const char *format, ...) _FORMAT(scanf, 2, 3);
FILE *tmpfile(void);
int ungetc(int c, FILE *stream);
int vdprintf(int fd, const char *format, va_list values) _FORMAT(printf, 2, 0);
int vfprintf(FILE *stream, const char *format, va_list values) _FORMAT(printf, 2, 0);
int vprintf(const char *format, va_list values) _FORMAT(printf, 1, 0);
int vsnprintf(char *into, size_t size, const char *format, va_list values) _FORMAT(printf, 3, 0);

#undef _FORMAT
