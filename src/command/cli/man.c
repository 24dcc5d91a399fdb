/* The manual: larmor(1), and a page for every command, in roff's man macros, from the tables.
 * SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "command/command.h"

/* Text as it is: roff must not take a backslash, a first dot or a quote for its own; a plain
 * hyphen would become a typographic one, that cannot be pasted into a shell. */
static void add_plain(lar_text *out, const char *text)
{
    for (bool first = true; *text; first = *text == '\n', text++) {
        if (first && (*text == '.' || *text == '\'')) lar_text_add(out, "\\&");
        switch (*text) {
        case '\\':
            lar_text_add(out, "\\e");
            break;
        case '-':
            lar_text_add(out, "\\-");
            break;
        case '\'':
            lar_text_add(out, "\\(aq");
            break;
        case '`':
            lar_text_add(out, "\\(ga");
            break;
        case '^':
            lar_text_add(out, "\\(ha");
            break;
        case '~':
            lar_text_add(out, "\\(ti");
            break;
        default:
            lar_text_add_bytes(out, text, 1);
        }
    }
}

static void add_plain_line(lar_text *out, const char *text)
{
    add_plain(out, text);
    lar_text_add(out, "\n");
}

/* "normalize zscore" has the page larmor-normalize-zscore(1). */
static void add_page_name(lar_text *out, const lar_command *command)
{
    lar_text name = { 0 };
    lar_text_add(&name, "larmor-%s", command->name);
    for (char *at = name.at; at && *at; at++)
        if (*at == ' ') *at = '-';
    add_plain(out, lar_text_get(&name));
    lar_text_clear(&name);
}

static void add_title(lar_text *out, const char *name)
{
    lar_text_add(out, ".\\\" made by larmor from its tables of commands and parameters\n.TH ");
    for (; *name; name++) lar_text_add(out, "%c", *name == ' ' ? '-' : toupper(*name));
    /* no date: the same sources give the same page */
    lar_text_add(out, " 1 \"\" \"larmor %s\" \"larmor manual\"\n", lar_version());
}

static void add_param(lar_text *out, const lar_param *p)
{
    lar_text about = { 0 };
    lar_text_add(out, ".TP\n");
    if (p->letter) lar_text_add(out, "\\fB\\-%c\\fR, ", p->letter);
    lar_text_add(out, "\\fB\\-\\-");
    add_plain(out, p->name);
    lar_text_add(out, "\\fR");
    if (p->kind != LAR_KIND_FLAG) {
        lar_text_add(out, " \\fI");
        add_plain(out, p->unit ? p->unit : "word");
        lar_text_add(out, "\\fR");
    }
    lar_text_add(out, "\n");
    lar_cli_about(&about, p);
    add_plain_line(out, lar_text_get(&about));
    lar_text_clear(&about);
}

static void add_command_page(lar_text *out, const lar_command *command)
{
    const lar_param *param;
    lar_text title = { 0 };

    lar_text_add(&title, "larmor %s", command->name);
    add_title(out, lar_text_get(&title));
    lar_text_clear(&title);
    lar_text_add(out, ".SH NAME\n");
    add_page_name(out, command);
    lar_text_add(out, " \\- ");
    add_plain_line(out, lar_command_summary(command));
    lar_text_add(out, ".SH SYNOPSIS\n\\fBlarmor %s\\fR", command->name);
    for (const lar_arg *arg = command->args; arg && arg->name; arg++)
        lar_text_add(out, arg->optional ? " [\\fI%s\\fR%s]" : " \\fI%s\\fR%s", arg->name,
                     arg->repeats ? " ..." : "");
    lar_text_add(out, " [\\fIoptions\\fR]\n");
    if (command->about) {
        lar_text_add(out, ".SH DESCRIPTION\n");
        if (command->topic) {
            add_plain_line(out, command->topic->about);
            lar_text_add(out, ".PP\n");
        }
        add_plain_line(out, command->about);
    }
    if (command->args && command->args->name) lar_text_add(out, ".SH ARGUMENTS\n");
    for (const lar_arg *arg = command->args; arg && arg->name; arg++) {
        lar_text_add(out, ".TP\n\\fI%s\\fR\n", arg->name);
        add_plain_line(out, arg->help);
    }
    lar_text_add(out, ".SH OPTIONS\n");
    for (int n = 0; (param = lar_cli_param(command, n)); n++) add_param(out, param);
    if (command->examples && command->examples->line) lar_text_add(out, ".SH EXAMPLES\n");
    for (const lar_example *e = command->examples; e && e->line; e++) {
        lar_text_add(out, ".TP\n.B ");
        add_plain_line(out, e->line);
        add_plain_line(out, e->help);
    }
    if (lar_command_cite(command)) {
        lar_text_add(out, ".SH REFERENCES\n");
        add_plain_line(out, lar_command_cite(command));
    }
    lar_text_add(out, ".SH SEE ALSO\n.BR larmor (1)\n");
}

static void add_main_page(lar_text *out)
{
    const char *group = "";
    add_title(out, "larmor");
    lar_text_add(out, ".SH NAME\nlarmor \\- MR and CT scans, from raw files to a trained network "
                      "and back to images\n"
                      ".SH SYNOPSIS\n\\fBlarmor\\fR \\fIcommand\\fR [\\fIoptions\\fR] "
                      "[\\fIarguments\\fR]\n.br\n"
                      "\\fBlarmor help\\fR \\fIcommand\\fR\n"
                      ".SH COMMANDS\n");
    for (const lar_command *const *c = lar_commands; *c; c++) {
        if (!lar_text_is(group, (*c)->group)) {
            lar_text_add(out, ".SS ");
            add_plain_line(out, (*c)->group);
        }
        group = (*c)->group;
        lar_text_add(out, ".TP\n\\fB");
        add_page_name(out, *c);
        lar_text_add(out, "\\fR(1)\n");
        add_plain_line(out, lar_command_summary(*c));
    }
    lar_text_add(out, ".SH OPTIONS\nThese are understood by every command:\n");
    for (const lar_param *p = lar_common_table; p->name; p++) add_param(out, p);
    lar_text_add(
        out, ".SH ENVIRONMENT\n"
             ".TP\n.B OMP_NUM_THREADS\nthreads to use where \\fB\\-\\-threads\\fR does not say\n"
             ".SH EXIT STATUS\n"
             ".TP\n.B 0\ndone\n"
             ".TP\n.B 1\nit ran, but some cases failed or were flagged\n"
             ".TP\n.B 2\nit was asked for something impossible\n"
             ".TP\n.B 65\nthe content of an input is damaged, or does not fit the others\n"
             ".TP\n.B 66\nan input does not exist or cannot be opened\n"
             ".TP\n.B 69\nvalid, but not supported by this build\n"
             ".TP\n.B 70\na fault of larmor itself, or of the compute library\n"
             ".TP\n.B 71\nout of memory\n"
             ".TP\n.B 73\nthe output exists, or cannot be created\n"
             ".TP\n.B 74\nreading or writing failed, such as on a full disk\n"
             ".TP\n.B 130, 143\nstopped by ctrl\\-C, or by the signal TERM\n"
             ".SH FILES\n"
             "An output appears complete or not at all, and replaces an existing file with "
             "\\fB\\-\\-force\\fR alone.\n");
}

void lar_cli_man(lar_text *out, const lar_command *command)
{
    if (command)
        add_command_page(out, command);
    else
        add_main_page(out);
}
