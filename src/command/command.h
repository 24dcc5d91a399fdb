/* command: the program. One row per command; parsing, help, the man page and completion read the
 * same row.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef LAR_COMMAND_H
#define LAR_COMMAND_H

#include "base/base.h"

/* A positional argument. The last one may repeat. */
typedef struct lar_arg {
    const char *name; /* "in", "study"; NULL ends the list */
    const char *help; /* lower case, no full stop */
    bool optional, repeats;
    bool is_path; /* completion offers files */
} lar_arg;

typedef struct lar_example {
    const char *line; /* "larmor resample t1.nii.gz -o t1_1mm.nii.gz --spacing 1" */
    const char *help;
} lar_example;

/* A table of parameters, and where its struct lies inside the command's options struct. */
typedef struct lar_table {
    const lar_param *params; /* NULL ends the list */
    size_t offset;
    const char *const *const *only; /* names of those that are offered; NULL: all */
} lar_table;

typedef struct lar_command lar_command;

/* What the user asked for, checked and complete. */
typedef struct lar_call {
    const lar_command *command;
    void *options;           /* the command's own struct, filled from its tables */
    const char *const *args; /* positional, arg_count of them */
    int64_t arg_count;
    lar_arena *arena; /* lives until the command returns */
    bool quiet, verbose, json;
    bool threads_asked;    /* by --threads */
    lar_progress progress; /* draws on stderr where it is a terminal; stops on ctrl-C; a stage of
                              NULL only asks */
} lar_call;

struct lar_command {
    const char *name;       /* "resample"; two words for a method: "normalize zscore" */
    const char *group;      /* heading of the list that plain `larmor` prints */
    const char *summary;    /* lower case, no full stop */
    const char *about;      /* whole sentences; what it does, with what defaults, shapes, units */
    const char *cite;       /* paper and DOI, or NULL */
    const lar_topic *topic; /* or NULL: summary and cite, and what stands before `about` */
    const lar_arg *args;
    lar_table tables[4];
    size_t size;                 /* of the options struct */
    bool json;                   /* understands --json */
    const lar_example *examples; /* each is run as a test; NULL line ends */
    lar_status (*run)(lar_call *call);
};

/* Every command, in the order of the list; NULL at the end. */
extern const lar_command *const lar_commands[];

/* Parameters of every command, into lar_common. */
typedef struct lar_common {
    int64_t threads;
    bool quiet, verbose, json, help;
} lar_common;
extern const lar_param lar_common_table[];
/* --json is listed only for commands that understand it. */
bool lar_common_applies(const lar_command *command, const lar_param *param);

/* cli/ */
bool lar_table_offers(const lar_table *table, const lar_param *param);
const char *lar_command_summary(const lar_command *command);
const char *lar_command_cite(const lar_command *command);
/* What one call of the program asked for; argv without the program's name. On a mistake
 * LAR_EARGUMENT. `call->options` is of the arena. */
lar_status lar_cli_parse(lar_call *call, lar_common *common, int argc, char **argv);
/* By its one or two words; `words` is how many they are. NULL: there is none. */
const lar_command *lar_cli_find(const char *first, const char *second, int *words);
/* The n-th parameter: the command's own first, then the common ones that apply; NULL after the
 * last. */
const lar_param *lar_cli_param(const lar_command *command, int n);
/* What a parameter is for, what is valid and its default, in words. */
void lar_cli_about(lar_text *out, const lar_param *param);
void lar_cli_overview(lar_text *out);
void lar_cli_help(lar_text *out, const lar_command *command);
void lar_cli_man(lar_text *out, const lar_command *command); /* roff; NULL: larmor(1) itself */
void lar_cli_bash(lar_text *out);                            /* completion script */
/* Fails where the output of -o is missing, or exists without `force`: before the work, not after.
 * Writing checks again. */
lar_status lar_cli_output(const lar_call *call, const char *output, bool force);
/* The same of several outputs, of which any may be missing (NULL); no two may have one name. */
lar_status lar_cli_outputs(const char *const *paths, int64_t count, bool force);
/* Prints text on stdout; a closed or full stdout is LAR_EIO. */
lar_status lar_cli_print(const char *text);
struct json_t;
/* The same of JSON, which it takes over (NULL: out of memory); flags: jansson's. */
lar_status lar_cli_print_json(struct json_t *root, size_t flags);

#endif
