/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "authority.h"

#include "../scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define PATH 320

static void run_openssl(const char *const *arguments)
{
    cr_assert_eq(scratch_run(arguments), 0, "openssl %s failed", arguments[1]);
}

bool authority_available(void)
{
    const char *const arguments[] = {"openssl", "version", NULL};

    return scratch_run(arguments) == 0;
}

void authority_make(const char *dir, const char *name)
{
    char key[PATH], certificate[PATH], subject[64];

    snprintf(key, sizeof(key), "%s/%s.key", dir, name);
    snprintf(certificate, sizeof(certificate), "%s/%s.pem", dir, name);
    snprintf(subject, sizeof(subject), "/CN=%s", name);
    run_openssl((const char *const[]){"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                                      "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
                                      "-out", certificate, "-subj", subject, "-days", "2", NULL});
}

void authority_certify(const char *dir, const char *authority, const char *name, const char *host)
{
    char key[PATH], request[PATH], certificate[PATH], extensions[PATH], ca[PATH], ca_key[PATH];
    FILE *file;

    snprintf(key, sizeof(key), "%s/%s.key", dir, name);
    snprintf(request, sizeof(request), "%s/%s.csr", dir, name);
    snprintf(certificate, sizeof(certificate), "%s/%s.pem", dir, name);
    snprintf(extensions, sizeof(extensions), "%s/%s.ext", dir, name);
    snprintf(ca, sizeof(ca), "%s/%s.pem", dir, authority);
    snprintf(ca_key, sizeof(ca_key), "%s/%s.key", dir, authority);
    file = fopen(extensions, "w");
    cr_assert_not_null(file);
    fprintf(file, "subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n", host);
    cr_assert_eq(fclose(file), 0);
    run_openssl((const char *const[]){"openssl", "req", "-newkey", "ec", "-pkeyopt",
                                      "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
                                      "-out", request, "-subj", "/CN=roster-test", NULL});
    run_openssl((const char *const[]){"openssl", "x509", "-req", "-in", request, "-CA", ca,
                                      "-CAkey", ca_key, "-CAcreateserial", "-days", "2", "-extfile",
                                      extensions, "-out", certificate, NULL});
}

void authority_directory(const char *dir, const char *authority, const char *directory)
{
    char to[PATH];

    snprintf(to, sizeof(to), "%s/%s.pem", directory, authority);
    authority_copy(dir, authority, to);
    run_openssl((const char *const[]){"openssl", "rehash", directory, NULL});
}

void authority_copy(const char *dir, const char *authority, const char *to)
{
    char from[PATH], beside[PATH];

    snprintf(from, sizeof(from), "%s/%s.pem", dir, authority);
    snprintf(beside, sizeof(beside), "%s.new", to);
    cr_assert_eq(scratch_run((const char *const[]){"cp", from, beside, NULL}), 0);
    cr_assert_eq(rename(beside, to), 0);
}
