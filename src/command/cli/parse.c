/* Command lines into option structs, by the command's tables.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"

const lar_param lar_common_table[] = {
    LAR_P_INT(lar_common, threads, "threads", 'j', "auto", 1, 4096, "count",
              "threads to use; auto: OMP_NUM_THREADS, else what this process may use"),
    LAR_P_FLAG(lar_common, quiet, "quiet", 'q', "no progress and no notes, warnings only"),
    LAR_P_FLAG(lar_common, verbose, "verbose", 'v', "say more on stderr"),
    LAR_P_FLAG(lar_common, json, "json", 0, "print the result as JSON"),
    LAR_P_FLAG(lar_common, help, "help", 'h', "show this help"),
    LAR_P_END,
};

bool lar_common_applies(const lar_command *command, const lar_param *param)
{
    return param->offset != offsetof(lar_common, json) || command->json;
}

bool lar_table_offers(const lar_table *table, const lar_param *param)
{
    bool offers = !table->only;
    for (const char *const *name = table->only ? *table->only : NULL; name && *name; name++)
        offers = offers || lar_text_is(*name, param->name);
    return offers;
}

const char *lar_command_summary(const lar_command *command)
{
    return command->topic ? command->topic->summary : command->summary;
}

const char *lar_command_cite(const lar_command *command)
{
    return command->topic ? command->topic->cite : command->cite;
}

const lar_command *lar_cli_find(const char *first, const char *second, int *words)
{
    for (const lar_command *const *c = lar_commands; *c; c++) {
        const char *blank = strchr((*c)->name, ' ');
        const size_t head = blank ? (size_t)(blank - (*c)->name) : strlen((*c)->name);
        if (strlen(first) != head || strncmp(first, (*c)->name, head) != 0) continue;
        *words = blank ? 2 : 1;
        if (!blank || lar_text_is(blank + 1, second)) return *c;
    }
    return NULL;
}

const lar_param *lar_cli_param(const lar_command *command, int n)
{
    for (int t = 0; t < 4 && command->tables[t].params; t++)
        for (const lar_param *p = command->tables[t].params; p->name; p++)
            if (lar_table_offers(&command->tables[t], p) && n-- == 0) return p;
    for (const lar_param *p = lar_common_table; p->name; p++)
        if (lar_common_applies(command, p) && n-- == 0) return p;
    return NULL;
}

/* A parameter and the struct it lies in. */
typedef struct slot {
    const lar_param *param;
    void *params;
} slot;

static slot find_slot(const lar_call *call, lar_common *common, const char *name, size_t length,
                      char letter)
{
    for (int t = -1; t < 4; t++) {
        if (t >= 0 && !call->command->tables[t].params) break;
        const lar_param *table = t < 0 ? lar_common_table : call->command->tables[t].params;
        void *params =
            t < 0 ? (void *)common : (char *)call->options + call->command->tables[t].offset;
        for (const lar_param *p = table; p->name; p++) {
            if (t < 0 && !lar_common_applies(call->command, p)) continue;
            if (t >= 0 && !lar_table_offers(&call->command->tables[t], p)) continue;
            if (letter ? p->letter == letter
                       : strlen(p->name) == length && strncmp(p->name, name, length) == 0)
                return (slot){ p, params };
        }
    }
    return (slot){ 0 };
}

static lar_status unknown_option(const lar_call *call, const char *word)
{
    const char *names[128];
    const lar_param *param;
    int count = 0;
    for (; count < 127 && (param = lar_cli_param(call->command, count)); count++)
        names[count] = param->name;
    names[count] = NULL;
    const lar_status status = lar_fail(LAR_EARGUMENT, "there is no option '%s'", word);
    const char *nearest = lar_text_starts(word, "--") ? lar_text_nearest(word + 2, names) : NULL;
    if (nearest) return lar_hint(status, "--%s", nearest);
    return lar_hint(status, "larmor %s --help", call->command->name);
}

/* A word that is a number may follow a list option, so that `--spacing 1 1 3` works; also one whose
 * items may be numbers or words. */
static bool is_number(const char *word)
{
    double value;
    return word && lar_parse_real(&value, word);
}

static lar_status set_option(const slot *where, const char *shown, const char *inside, int *n,
                             int argc, char **argv, lar_arena *arena)
{
    lar_status status = LAR_OK;
    lar_text list = { 0 };
    const lar_param_kind kind = where->param->kind;

    if (kind == LAR_KIND_FLAG && !inside) inside = "yes";
    if (!inside) {
        if (*n + 1 >= argc)
            return lar_fail(LAR_EARGUMENT, "%s needs a value (%s)", shown, where->param->help);
        inside = argv[++*n];
        if (kind == LAR_KIND_REALS || kind == LAR_KIND_INTS ||
            lar_text_is(where->param->unit, "list")) {
            lar_text_add(&list, "%s", inside);
            while (*n + 1 < argc && is_number(inside) && is_number(argv[*n + 1]))
                lar_text_add(&list, " %s", argv[++*n]);
            if (list.failed) return LAR_EMEMORY;
            inside = lar_text_get(&list);
        }
    }
    status = lar_param_set(where->param, where->params, inside, shown, arena);
    lar_text_clear(&list);
    return status;
}

static lar_status parse_option(lar_call *call, lar_common *common, int *n, int argc, char **argv)
{
    const char *word = argv[*n];
    if (lar_text_starts(word, "--")) {
        const char *equal = strchr(word, '=');
        const size_t length = equal ? (size_t)(equal - word - 2) : strlen(word + 2);
        const slot where = find_slot(call, common, word + 2, length, 0);
        if (!where.param) return unknown_option(call, word);
        char shown[64];
        snprintf(shown, sizeof shown, "--%s", where.param->name);
        return set_option(&where, shown, equal ? equal + 1 : NULL, n, argc, argv, call->arena);
    }
    const slot where = find_slot(call, common, NULL, 0, word[1]);
    if (!where.param) return unknown_option(call, word);
    const char shown[3] = { '-', word[1], 0 };
    return set_option(&where, shown, word[2] ? word + 2 : NULL, n, argc, argv, call->arena);
}

static lar_status check_args(const lar_call *call)
{
    int64_t count = 0;
    bool repeats = false;
    for (const lar_arg *arg = call->command->args; arg && arg->name; arg++, count++) {
        repeats = arg->repeats;
        if (count >= call->arg_count && !arg->optional) {
            const lar_status status =
                lar_fail(LAR_EARGUMENT, "missing argument <%s>: %s", arg->name, arg->help);
            return lar_hint(status, "larmor %s --help", call->command->name);
        }
    }
    if (call->arg_count > count && !repeats) {
        const lar_status status =
            lar_fail(LAR_EARGUMENT, "'%s' is one argument too many", call->args[count]);
        return lar_hint(status, "larmor %s --help", call->command->name);
    }
    return LAR_OK;
}

lar_status lar_cli_parse(lar_call *call, lar_common *common, int argc, char **argv)
{
    lar_status status = LAR_OK;
    bool only_args = false;
    const char **args = lar_arena_take(call->arena, argc + 1, sizeof *args);

    call->options = lar_arena_take(call->arena, (int64_t)call->command->size + 1, 1);
    if (!args || !call->options) return LAR_EMEMORY;
    call->args = args;
    lar_param_defaults(lar_common_table, common);
    for (int t = 0; t < 4 && call->command->tables[t].params; t++)
        lar_param_defaults(call->command->tables[t].params,
                           (char *)call->options + call->command->tables[t].offset);
    for (int n = 0; n < argc; n++) {
        if (!only_args && lar_text_is(argv[n], "--"))
            only_args = true;
        else if (!only_args && argv[n][0] == '-' && argv[n][1] && !is_number(argv[n]))
            LAR_TRY(parse_option(call, common, &n, argc, argv));
        else
            args[call->arg_count++] = argv[n];
    }
    if (!common->help) LAR_TRY(check_args(call));
    call->quiet = common->quiet;
    call->verbose = common->verbose;
    call->json = common->json;
    call->threads_asked = common->threads != LAR_INT_AUTO;
done:
    return status;
}
