/* What `larmor` and `larmor COMMAND --help` print.
 * SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "command/command.h"

void lar_cli_overview(lar_text *out)
{
    const char *group = "";
    lar_text_add(out,
                 "larmor %s: MR and CT scans, from raw files to a trained network and back\n\n"
                 "usage: larmor COMMAND [options] [arguments]\n",
                 lar_version());
    for (const lar_command *const *c = lar_commands; *c; c++) {
        if (!lar_text_is(group, (*c)->group)) lar_text_add(out, "\n%s\n", (*c)->group);
        group = (*c)->group;
        lar_text_add(out, "  %-18s %s\n", (*c)->name, lar_command_summary(*c));
    }
    lar_text_add(out, "\nlarmor COMMAND --help tells more; larmor --version prints the version\n");
}

/* Text broken at blanks into lines of at most `width`, each after `indent` blanks; the first line
 * begins where the cursor is. */
static void add_wrapped(lar_text *out, const char *text, int indent, int width)
{
    int used = indent;
    while (*text) {
        const int length = (int)strcspn(text, " \n");
        if (used > indent && used + 1 + length > width) {
            lar_text_add(out, "\n%*s", indent, "");
            used = indent;
        }
        if (used > indent) {
            lar_text_add(out, " ");
            used++;
        }
        lar_text_add_bytes(out, text, (size_t)length);
        used += length;
        text += length;
        if (*text) text++;
    }
    lar_text_add(out, "\n");
}

void lar_cli_about(lar_text *out, const lar_param *p)
{
    lar_text_add(out, "%s", p->help);
    if (p->kind != LAR_KIND_FLAG && p->kind != LAR_KIND_TEXT && p->kind != LAR_KIND_TEXTS) {
        lar_text_add(out, " (");
        lar_param_valid(out, p);
        lar_text_add(out, *p->fallback ? "; default %s)" : ")", p->fallback);
    } else if (p->kind == LAR_KIND_TEXT && *p->fallback) {
        lar_text_add(out, " (default %s)", p->fallback);
    } else if (p->kind == LAR_KIND_TEXTS) {
        lar_text_add(out, " (may be given again)");
    }
}

static void add_param(lar_text *out, const lar_param *p)
{
    char flag[64];
    lar_text about = { 0 };
    const int head = p->letter ? snprintf(flag, sizeof flag, "  -%c, --%s", p->letter, p->name)
                               : snprintf(flag, sizeof flag, "      --%s", p->name);
    if (p->kind != LAR_KIND_FLAG && head > 0 && (size_t)head < sizeof flag)
        snprintf(flag + head, sizeof flag - (size_t)head, " <%s>", p->unit ? p->unit : "word");
    lar_cli_about(&about, p);
    if (strlen(flag) > 29)
        lar_text_add(out, "%s\n%30s", flag, "");
    else
        lar_text_add(out, "%-29s ", flag);
    add_wrapped(out, lar_text_get(&about), 30, 100);
    lar_text_clear(&about);
}

void lar_cli_help(lar_text *out, const lar_command *command)
{
    lar_text_add(out, "larmor %s: %s\n\nusage: larmor %s", command->name,
                 lar_command_summary(command), command->name);
    for (const lar_arg *arg = command->args; arg && arg->name; arg++)
        lar_text_add(out, arg->optional ? " [%s%s]" : " <%s%s>", arg->name,
                     arg->repeats ? " ..." : "");
    lar_text_add(out, " [options]\n");
    if (command->topic) {
        lar_text_add(out, "\n");
        add_wrapped(out, command->topic->about, 0, 100);
    }
    if (command->about) {
        lar_text_add(out, "\n");
        add_wrapped(out, command->about, 0, 100);
    }
    if (command->args && command->args->name) lar_text_add(out, "\narguments\n");
    for (const lar_arg *arg = command->args; arg && arg->name; arg++) {
        lar_text_add(out, "  %-27s ", arg->name);
        add_wrapped(out, arg->help, 30, 100);
    }
    lar_text_add(out, "\noptions\n");
    const lar_param *param;
    for (int n = 0; (param = lar_cli_param(command, n)); n++) add_param(out, param);
    if (command->examples) lar_text_add(out, "\nexamples\n");
    for (const lar_example *e = command->examples; e && e->line; e++)
        lar_text_add(out, "  %s\n      %s\n", e->line, e->help);
    const char *cite = lar_command_cite(command);
    if (cite) lar_text_add(out, "\nsource: %s\n", cite);
}

lar_status lar_cli_print(const char *text)
{
    if (fputs(text, stdout) == EOF || fflush(stdout) != 0)
        return lar_fail(LAR_EIO, "cannot write to standard output: %s", strerror(errno));
    return LAR_OK;
}
