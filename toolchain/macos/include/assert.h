/* No include guard: each inclusion obeys NDEBUG as it stands there (C11 7.2). */
#undef assert
#if defined(NDEBUG)
#define assert(condition) ((void)0)
#else
_Noreturn void __assert_rtn(const char *function, const char *file, int line, const char *condition);
#define assert(condition) ((condition) ? (void)0 : __assert_rtn(__func__, __FILE__, __LINE__, #condition))
#endif
#undef static_assert
#define static_assert _Static_assert
