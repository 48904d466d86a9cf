/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Tests that run once with each element of an array; see criterion.h beside this. */
#pragma once

#include "criterion.h"

#define cr_make_param_array(type, array, length, cleanup)                                          \
    ((struct criterion_test_params){sizeof(type), array, length, cleanup})

#define ParameterizedTestParameters(suite_, name_)                                                 \
    static struct criterion_test_params suite_##_##name_##_params(void)

#define ParameterizedTest(parameter, suite_, name_, ...)                                           \
    static void suite_##_##name_##_with(parameter);                                                \
    PLAIN_ADD(suite_##_##name_, .suite = #suite_, .name = #name_,                                  \
              .with = (void (*)(void *))suite_##_##name_##_with,                                   \
              .params = suite_##_##name_##_params, .options = {.line = __LINE__, __VA_ARGS__})     \
    static void suite_##_##name_##_with(parameter)
