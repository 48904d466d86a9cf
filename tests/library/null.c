/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * null LIBRARY...: calls each function whose name is on a line of stdin with NULL and 0 for all of
 * its parameters, in a process of its own, and prints "NAME RESULT" for each: what it returned, as
 * an int, or how it ended. What takes fewer parameters does not see the others.
 */

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_S 30

typedef int call_fn(void *, void *, void *, void *, void *, void *, void *, void *, void *, void *);

/* ISO C has no conversion between pointers to objects and to functions; POSIX does. */
static call_fn *find(const char *name)
{
    call_fn *function = NULL;

    *(void **)&function = dlsym(RTLD_DEFAULT, name);
    if (!function) {
        fprintf(stderr, "null: %s\n", dlerror());
        exit(1);
    }
    return function;
}

static void call(const char *name)
{
    call_fn *function = find(name);
    int status = 0;
    pid_t child;

    fflush(stdout);
    child = fork();
    if (!child) {
        alarm(PATIENCE_S);
        printf("%s %d\n", name,
               function(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
        fflush(stdout);
        _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("null");
        exit(1);
    }
    if (status)
        printf("%s %s %d\n", name, WIFSIGNALED(status) ? "signal" : "status",
               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
    char name[128];
    int n;

    for (n = 1; n < argc; n++)
        if (!dlopen(argv[n], RTLD_NOW | RTLD_GLOBAL)) {
            fprintf(stderr, "null: %s\n", dlerror());
            return 1;
        }
    while (fgets(name, sizeof(name), stdin)) {
        name[strcspn(name, "\n")] = '\0';
        call(name);
    }
    return 0;
}
