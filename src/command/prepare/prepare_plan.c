/* What larmor prepare would do, told and not done.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/prepare/prepare_plan.h"

#include <jansson.h>

static const char *const words[] = { "new", "again", "kept" }; /* of lar_todo */

static bool is_too_large(const lar_prepare_plan *plan, const lar_prepare_plan_case *c)
{
    return c->todo != LAR_TODO_KEEP && c->memory > plan->memory_there;
}

static void add_case(lar_text *out, const lar_prepare_plan *plan, const lar_prepare_plan_case *c,
                     int width)
{
    char memory[LAR_BYTES_WORDS] = "", disk[LAR_BYTES_WORDS] = "";
    if (c->todo != LAR_TODO_KEEP) {
        lar_bytes_words(memory, c->memory);
        lar_bytes_words(disk, c->disk);
    }
    lar_text line = { 0 };
    lar_text_add(&line, "%-*s  %-5s  %-5s  %9s  %9s  %s", width, c->id, lar_split_names[c->split],
                 words[c->todo], memory, disk, c->why);
    if (is_too_large(plan, c))
        lar_text_add(&line, "%sneeds more memory than may be used, and will fail",
                     *c->why ? "; " : "");
    size_t length = line.length;
    while (length > 0 && line.at[length - 1] == ' ') length--;
    lar_text_add_bytes(out, lar_text_get(&line), length);
    lar_text_add(out, "\n");
    lar_text_clear(&line);
}

static void add_sum(lar_text *out, const lar_prepare_plan *plan)
{
    char memory[LAR_BYTES_WORDS], there[LAR_BYTES_WORDS], disk[LAR_BYTES_WORDS],
        room[LAR_BYTES_WORDS];
    const int64_t todo = plan->counts[LAR_TODO_NEW] + plan->counts[LAR_TODO_AGAIN];
    lar_bytes_words(memory, plan->memory);
    lar_bytes_words(there, plan->memory_there);
    lar_bytes_words(disk, plan->disk);
    lar_bytes_words(room, plan->disk_there);
    lar_text_add(out, "\n%lld new, %lld again, %lld kept; nothing was written\n",
                 (long long)plan->counts[LAR_TODO_NEW], (long long)plan->counts[LAR_TODO_AGAIN],
                 (long long)plan->counts[LAR_TODO_KEEP]);
    if (todo == 0) return;
    if (*plan->learns)
        lar_text_add(out, "first    a standard of %s is learned from the training subjects\n",
                     plan->learns);
    lar_text_add(out, "memory   about %s for %lld case%s at a time, of %s that may be used\n",
                 memory, (long long)plan->together, plan->together == 1 ? "" : "s", there);
    lar_text_add(out, "disk     at most %s, of %s that are free\n", disk, room);
}

static lar_status print_plan(const lar_prepare_plan *plan)
{
    lar_text out = { 0 };
    int width = (int)strlen("subject");
    for (int64_t n = 0; n < plan->case_count; n++)
        if ((int)strlen(plan->cases[n].id) > width) width = (int)strlen(plan->cases[n].id);
    lar_text_add(&out, "%-*s  part   what      memory       disk  why\n", width, "subject");
    for (int64_t n = 0; n < plan->case_count; n++) add_case(&out, plan, &plan->cases[n], width);
    add_sum(&out, plan);
    const lar_status status =
        out.failed ? lar_fail(LAR_EMEMORY, "out of memory") : lar_cli_print(lar_text_get(&out));
    lar_text_clear(&out);
    return status;
}

static lar_status print_plan_json(const lar_prepare_plan *plan, const char *work)
{
    json_t *cases = json_array();
    for (int64_t n = 0; n < plan->case_count; n++) {
        const lar_prepare_plan_case *c = &plan->cases[n];
        json_array_append_new(cases, json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "subject", c->id,
                                               "split", lar_split_names[c->split], "todo",
                                               words[c->todo], "why", c->why, "memory",
                                               (json_int_t)c->memory, "disk", (json_int_t)c->disk));
    }
    json_t *root = json_pack(
        "{s:s, s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:o}", "work", work, "new",
        (json_int_t)plan->counts[LAR_TODO_NEW], "again", (json_int_t)plan->counts[LAR_TODO_AGAIN],
        "kept", (json_int_t)plan->counts[LAR_TODO_KEEP], "learns", plan->learns, "together",
        (json_int_t)plan->together, "memory", (json_int_t)plan->memory, "memory_there",
        (json_int_t)plan->memory_there, "disk", (json_int_t)plan->disk, "disk_there",
        (json_int_t)plan->disk_there, "cases", cases);
    return lar_cli_print_json(root, JSON_INDENT(2));
}

lar_status lar_prepare_foretell(lar_call *call, const lar_study *study,
                                const lar_prepare_params *params)
{
    lar_prepare_plan *plan;
    lar_status status = lar_prepare_plan_new(&plan, study, params);
    if (status != LAR_OK) return status;
    status = call->json ? print_plan_json(plan, study->work) : print_plan(plan);
    if (status == LAR_OK && plan->disk > plan->disk_there && plan->disk_there > 0)
        lar_log(LAR_LOG_WARNING, "the disk of '%s' may become full", study->work);
    lar_prepare_plan_free(plan);
    return status;
}
