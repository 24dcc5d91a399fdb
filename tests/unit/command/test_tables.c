/* The tables that parsing, help, manual and completion read: complete, consistent, and worded in
 * one way.
 * SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include <ctype.h>

#include "command/command.h"

/* "lower case, no full stop"; an abbreviation such as CT or PNG may begin a sentence */
static void check_words(const char *words, const char *command, const char *what)
{
    if (!words || !*words) fail_msg("larmor %s: %s has no words", command, what);
    const size_t length = strlen(words);
    if (words[length - 1] == '.')
        fail_msg("larmor %s: %s: '%s' ends in a full stop", command, what, words);
    if (isupper((unsigned char)words[0]) && islower((unsigned char)words[1]))
        fail_msg("larmor %s: %s: '%s' begins with a capital", command, what, words);
    if (isspace((unsigned char)words[0]) || isspace((unsigned char)words[length - 1]))
        fail_msg("larmor %s: %s: '%s' has blanks at an end", command, what, words);
}

static void check_command(const lar_command *c)
{
    for (const char *at = c->name; *at; at++)
        if (!islower((unsigned char)*at) && !strchr(" -0123456789", *at))
            fail_msg("'%s' is no name for a command", c->name);
    check_words(c->group, c->name, "its group");
    check_words(lar_command_summary(c), c->name, "its summary");
    if (!c->about || !*c->about || c->about[strlen(c->about) - 1] != '.')
        fail_msg("larmor %s: its description is not of whole sentences", c->name);
    if (!c->run) fail_msg("larmor %s does nothing", c->name);
    if (!c->examples || !c->examples->line) fail_msg("larmor %s has no example", c->name);
    char start[64];
    snprintf(start, sizeof start, "larmor %s", c->name);
    bool shown = false;
    for (const lar_example *e = c->examples; e->line; e++) {
        check_words(e->help, c->name, e->line);
        shown = shown || lar_text_starts(e->line, start);
    }
    if (!shown) fail_msg("no example of larmor %s shows it", c->name);
    for (const lar_arg *arg = c->args; arg && arg->name; arg++) {
        check_words(arg->help, c->name, arg->name);
        if (arg->repeats && arg[1].name) fail_msg("larmor %s: only the last may repeat", c->name);
        if (arg->optional && arg[1].name && !arg[1].optional)
            fail_msg("larmor %s: <%s> cannot follow an optional one", c->name, arg[1].name);
    }
}

static void commands_are_complete(void **state)
{
    (void)state;
    for (const lar_command *const *c = lar_commands; *c; c++) {
        check_command(*c);
        for (const lar_command *const *d = lar_commands; d < c; d++)
            if (lar_text_is((*c)->name, (*d)->name)) fail_msg("two commands are '%s'", (*c)->name);
    }
}

/* The list prints a heading where the group changes: rows of a group must stand together. */
static void groups_stand_together(void **state)
{
    (void)state;
    for (const lar_command *const *c = lar_commands; *c && c[1]; c++) {
        if (lar_text_is((*c)->group, c[1]->group)) continue;
        for (const lar_command *const *d = c + 1; *d; d++)
            if (lar_text_is((*c)->group, (*d)->group))
                fail_msg("'%s' stands apart from its group '%s'", (*d)->name, (*d)->group);
    }
}

static void check_param(const lar_command *c, const lar_param *p)
{
    check_words(p->help, c->name, p->name);
    if (!p->fallback) fail_msg("larmor %s: --%s has no default", c->name, p->name);
    if (p->kind == LAR_KIND_CHOICE && (!p->choices || !p->choices[0]))
        fail_msg("larmor %s: --%s has no choices", c->name, p->name);
    if (p->kind != LAR_KIND_FLAG && p->kind != LAR_KIND_CHOICE)
        check_words(p->unit, c->name, p->name);
}

static void parameters_are_worded(void **state)
{
    (void)state;
    for (const lar_command *const *c = lar_commands; *c; c++) {
        const lar_param *p, *other;
        for (int n = 0; (p = lar_cli_param(*c, n)); n++) {
            check_param(*c, p);
            for (int m = 0; m < n; m++) {
                other = lar_cli_param(*c, m);
                if (lar_text_is(p->name, other->name))
                    fail_msg("larmor %s has two --%s", (*c)->name, p->name);
                if (p->letter && p->letter == other->letter)
                    fail_msg("larmor %s: -%c is --%s and --%s", (*c)->name, p->letter, p->name,
                             other->name);
            }
        }
    }
}

/* A default is set from its text; written as text and read again it is the same. */
static void check_table(const lar_command *c, const lar_param *table, char *params,
                        lar_arena *arena)
{
    lar_param_defaults(table, params);
    for (const lar_param *p = table; p->name; p++) {
        lar_text first = { 0 }, second = { 0 };
        if (*p->fallback) CHECK_OK(lar_param_set(p, params, p->fallback, p->name, arena));
        lar_param_get(&first, p, params);
        if (first.length && p->kind != LAR_KIND_TEXTS) {
            CHECK_OK(lar_param_set(p, params, first.at, p->name, arena));
            lar_param_get(&second, p, params);
            if (!lar_text_is(first.at, lar_text_get(&second)))
                fail_msg("larmor %s: --%s: '%s' is read as '%s'", c->name, p->name, first.at,
                         lar_text_get(&second));
        }
        lar_text_clear(&first);
        lar_text_clear(&second);
    }
}

static void defaults_are_valid(void **state)
{
    (void)state;
    lar_arena *arena = NULL;
    lar_common common;
    CHECK_OK(lar_arena_new(&arena));
    for (const lar_command *const *c = lar_commands; *c; c++) {
        char *options = lar_arena_take(arena, (int64_t)(*c)->size + 1, 1);
        assert_non_null(options);
        for (int t = 0; t < 4 && (*c)->tables[t].params; t++) {
            for (const lar_param *p = (*c)->tables[t].params; p->name; p++)
                if ((*c)->tables[t].offset + p->offset >= (*c)->size)
                    fail_msg("larmor %s: --%s lies outside its options", (*c)->name, p->name);
            check_table(*c, (*c)->tables[t].params, options + (*c)->tables[t].offset, arena);
        }
    }
    check_table(lar_commands[0], lar_common_table, (char *)&common, arena);
    lar_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_complete),
        cmocka_unit_test(groups_stand_together),
        cmocka_unit_test(parameters_are_worded),
        cmocka_unit_test(defaults_are_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
