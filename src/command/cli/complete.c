/* Completion for bash, from the tables: commands, flags, choices, and paths where a path stands.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"

/* A parameter whose value is a path: it is a text, and its unit says so. */
static bool takes_path(const lar_param *param)
{
    static const char *const units[] = { "path", "file", "image", "folder", "mask", NULL };
    if (param->kind != LAR_KIND_TEXT && param->kind != LAR_KIND_TEXTS) return false;
    for (const char *const *unit = units; *unit; unit++)
        if (param->unit && strstr(param->unit, *unit)) return true;
    return false;
}

/* First words of all commands, each once; commands of one first word stand together. */
static void add_first_words(lar_text *out)
{
    size_t length = 0;
    const char *last = "";
    for (const lar_command *const *c = lar_commands; *c; c++) {
        const size_t head = strcspn((*c)->name, " ");
        if (head == length && strncmp(last, (*c)->name, head) == 0) continue;
        lar_text_add(out, " %.*s", (int)head, (*c)->name);
        last = (*c)->name;
        length = head;
    }
}

/* case lines: the second words of commands that have two */
static void add_methods(lar_text *out)
{
    for (const lar_command *const *c = lar_commands; *c; c++) {
        const char *blank = strchr((*c)->name, ' ');
        if (!blank) continue;
        lar_text_add(out, "        '%.*s') methods+=' %s' ;;&\n", (int)(blank - (*c)->name),
                     (*c)->name, blank + 1);
    }
}

static void add_command(lar_text *out, const lar_command *command)
{
    const lar_param *param;
    lar_text_add(out, "        '%s')\n            flags='", command->name);
    for (int n = 0; (param = lar_cli_param(command, n)); n++)
        lar_text_add(out, "%s--%s", n ? " " : "", param->name);
    lar_text_add(out, "'\n            case $before in\n");
    for (int n = 0; (param = lar_cli_param(command, n)); n++) {
        if (param->kind == LAR_KIND_FLAG) continue;
        lar_text_add(out, "                --%s", param->name);
        if (param->letter) lar_text_add(out, " | -%c", param->letter);
        lar_text_add(out, ") ");
        if (param->kind == LAR_KIND_CHOICE) {
            lar_text_add(out, "values='");
            for (const char *const *word = param->choices; *word; word++)
                lar_text_add(out, "%s%s", word == param->choices ? "" : " ", *word);
            lar_text_add(out, "' ;;\n");
        } else {
            lar_text_add(out, takes_path(param) ? "paths=yes ;;\n" : "values=' ' ;;\n");
        }
    }
    lar_text_add(out, "            esac ;;\n");
}

void lar_cli_bash(lar_text *out)
{
    lar_text_add(out,
                 "# bash completion for larmor, made by `larmor complete bash`\n"
                 "_larmor()\n{\n"
                 "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
                 "    local command=${COMP_WORDS[1]} methods= flags= values= paths=\n"
                 "    COMPREPLY=()\n"
                 "    # --name=value comes as three words\n"
                 "    if [ \"$word\" = = ]; then word=; "
                 "elif [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
                 "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                 "        COMPREPLY=($(compgen -W '");
    add_first_words(out);
    lar_text_add(out, " help --help --version' -- \"$word\"))\n"
                      "        return\n"
                      "    fi\n"
                      "    if [ \"$command\" = help ]; then\n"
                      "        COMPREPLY=($(compgen -W '");
    add_first_words(out);
    lar_text_add(out, "' -- \"$word\"))\n"
                      "        return\n"
                      "    fi\n"
                      "    case $command in\n");
    add_methods(out);
    lar_text_add(out, "    esac\n"
                      "    if [ -n \"$methods\" ]; then\n"
                      "        if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
                      "            COMPREPLY=($(compgen -W \"$methods\" -- \"$word\"))\n"
                      "            return\n"
                      "        fi\n"
                      "        command=\"$command ${COMP_WORDS[2]}\"\n"
                      "    fi\n"
                      "    case $command in\n");
    for (const lar_command *const *c = lar_commands; *c; c++) add_command(out, *c);
    lar_text_add(out, "    esac\n"
                      "    if [ -n \"$values\" ]; then\n"
                      "        COMPREPLY=($(compgen -W \"$values\" -- \"$word\"))\n"
                      "    elif [ -z \"$paths\" ] && [ \"${word#-}\" != \"$word\" ]; then\n"
                      "        COMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n"
                      "    else\n"
                      "        compopt -o filenames 2>/dev/null\n"
                      "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
                      "    fi\n"
                      "}\n"
                      "complete -F _larmor larmor\n");
}
