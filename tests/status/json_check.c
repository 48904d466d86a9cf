/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* json_check FILE: parses it as a program does that calls jansson with no flags, and prints it. */
#include <jansson.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *json = argc > 1 ? json_load_file(argv[1], 0, &error) : NULL;

    if (!json) {
        fprintf(stderr, "json_check: %s\n", argc > 1 ? error.text : "no file");
        return 1;
    }
    json_dumpf(json, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(json);
    return 0;
}
