/*
 * Neutral values, with which helper.c can be built by itself; -DHELPER_… sets single ones.
 * In a project, the file made from helper-config.h.template stands in this one's place, and explains each.
 */
#ifndef HELPER_NAME
#define HELPER_NAME "Helper"
#endif
#ifndef HELPER_PARENT
#define HELPER_PARENT "daemon"
#endif
#ifndef HELPER_PARENT_MATCH
#define HELPER_PARENT_MATCH exact
#endif
#ifndef HELPER_PARENT_PATH
#define HELPER_PARENT_PATH ""
#endif
#ifndef HELPER_PARENT_ID
#define HELPER_PARENT_ID ""
#endif
#ifndef HELPER_TEAM_ID
#define HELPER_TEAM_ID ""
#endif
#ifndef HELPER_TIMEOUT
#define HELPER_TIMEOUT 300
#endif
#ifndef HELPER_GRACE
#define HELPER_GRACE 5
#endif
#ifndef HELPER_MAX_SCRIPT
#define HELPER_MAX_SCRIPT 1048576
#endif
#ifndef HELPER_TMPDIR
#define HELPER_TMPDIR "/tmp"
#endif
#ifndef HELPER_TMP_PREFIX
#define HELPER_TMP_PREFIX "helper_"
#endif
#ifndef HELPER_SYSLOG
#define HELPER_SYSLOG 0
#endif
