/* larmor doctor: what this build and this machine can do, and what may be in the way.
 * SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <unistd.h>

#include "command/command.h"
#include "command/machine.h"
#include "format/format.h"
#include "intensity/intensity.h"
#include "tensor/tensor.h"
#include "view/view.h"

enum { MAX_PROBLEMS = 16 };

/* The same findings are printed as text or as JSON. */
typedef struct findings {
    lar_machine machine;
    lar_text libraries, threads, programs, viewer, formats, normalizers, backends, precisions;
    lar_text problems[MAX_PROBLEMS]; /* what is wrong, and what to do */
    int problem_count;
} findings;

static void problem(findings *f, const char *format, ...) LAR_PRINTF(2, 3);
static void problem(findings *f, const char *format, ...)
{
    char words[512];
    if (f->problem_count == MAX_PROBLEMS) return;
    va_list list;
    va_start(list, format);
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    lar_text_add(&f->problems[f->problem_count++], "%s", words);
}

static void find_libraries(findings *f)
{
    lar_libraries_words(&f->libraries);
    if (!lar_text_is(lar_version(), LAR_VERSION))
        problem(f,
                "the program is larmor %s, but the library that it found is %s; install both anew",
                LAR_VERSION, lar_version());
}

/* What a program says of its version: the last line it prints. */
static void add_version(lar_text *out, const char *program)
{
    lar_text folder = { 0 }, printed = { 0 };
    int exit_status;
    const char *const argv[] = { program, "--version", NULL };
    lar_child child = { .argv = argv, .seconds = 10, .output = 4096 };
    child.memory = (int64_t)1 << 32;
    child.file = 1 << 20;
    if (lar_folder_private(&folder) == LAR_OK) {
        child.folder = lar_text_get(&folder);
        if (lar_child_run(&exit_status, &printed, &child) == LAR_OK && printed.length) {
            while (printed.length && printed.at[printed.length - 1] == '\n')
                printed.at[--printed.length] = 0;
            const char *line = strrchr(printed.at, '\n');
            lar_text_add(out, " %.60s", line ? line + 1 : printed.at);
        }
        lar_folder_remove(lar_text_get(&folder));
    }
    lar_text_clear(&folder);
    lar_text_clear(&printed);
}

/* What draws in the browser. */
static void find_viewer(findings *f)
{
    lar_text path = { 0 };
    if (lar_view_niivue(&path) == LAR_OK) {
        lar_text_add(&f->viewer, "NiiVue (%s)", lar_text_get(&path));
    } else {
        lar_text_add(&f->viewer, "slices alone");
        problem(f, "NiiVue is not installed, so larmor view shows slices and nothing in 3-D; run "
                   "./dev setup where larmor is built, with npm installed, and install it anew");
    }
    lar_text_clear(&path);
}

/* The programs that some formats are read by. */
static void find_programs(findings *f)
{
    lar_text path = { 0 };
    lar_text_add(&f->programs, "larmor-minc");
    if (lar_minc_program(&path) == LAR_OK) {
        lar_text_add(&f->programs, " (%s)", lar_text_get(&path));
    } else {
        lar_text_add(&f->programs, " (none)");
        problem(f, "MINC files cannot be read; install libminc-dev, and build larmor anew");
    }
    lar_text_add(&f->programs, ", dcm2niix");
    if (lar_dicom_program(&path) == LAR_OK) {
        add_version(&f->programs, lar_text_get(&path));
        lar_text_add(&f->programs, " (%s)", lar_text_get(&path));
    } else {
        lar_text_add(&f->programs, " (none)");
        problem(f, "DICOM cannot be read; install dcm2niix");
    }
    lar_text_clear(&path);
}

static void find_tables(findings *f)
{
    const char *name;
    const char *const *suffixes;
    for (int n = 0; lar_format_at(n, &name, &suffixes); n++) {
        lar_text_add(&f->formats, "%s%s (", n ? ", " : "", name);
        for (int s = 0; suffixes[s]; s++)
            lar_text_add(&f->formats, "%s%s", s ? " " : "", suffixes[s]);
        lar_text_add(&f->formats, ")");
    }
    for (int n = 0; lar_normalizer_methods[n]; n++)
        lar_text_add(&f->normalizers, "%s%s", n ? ", " : "", lar_normalizer_methods[n]->name);
}

/* Which precisions run where float32 does. */
static void find_precisions(findings *f, const lar_backend *backend)
{
    for (int p = 0; backend && lar_precision_names[p]; p++) {
        int block;
        const bool runs = backend->block(&block, (lar_precision)p) == LAR_OK;
        lar_text_add(&f->precisions, "%s%s%s", p ? ", " : "", runs ? "" : "not ",
                     lar_precision_names[p]);
    }
}

static void find_backends(findings *f)
{
    const lar_backend *chosen = NULL;
    if (lar_backend_find(&chosen, NULL, LAR_FLOAT32) != LAR_OK ||
        lar_text_is(chosen->name, "plain"))
        problem(f, "no fast backend runs here, so training will be very slow; build with oneDNN "
                   "(libdnnl-dev)");
    find_precisions(f, chosen);
    for (int n = 0; lar_backends[n]; n++) {
        char words[128];
        lar_backends[n]->about(words, sizeof words);
        lar_text_add(&f->backends, "%s%s (%s)", n ? ", " : "", lar_backends[n]->name, words);
    }
}

static void find_threads(findings *f, bool asked)
{
    const lar_machine *m = &f->machine;
    const int threads = lar_threads_get();
    const char *variable = getenv("OMP_NUM_THREADS");
    if (asked)
        lar_text_add(&f->threads, "--threads");
    else if (variable && *variable)
        lar_text_add(&f->threads, "OMP_NUM_THREADS is %s", variable);
    else
        lar_text_add(&f->threads, "as many as the processors that this process may run on");
    lar_text_add(&f->threads, "; %d of %d processors allowed", m->allowed, m->processors);
    if (m->quota > 0) lar_text_add(&f->threads, ", time of %.3g granted", m->quota);
    if (m->quota > 0 && threads > m->quota + 0.5)
        problem(f, "%d threads would share the time of %.3g processors; set OMP_NUM_THREADS to %d",
                threads, m->quota, m->quota < 1 ? 1 : (int)m->quota);
    else if (threads > m->allowed)
        problem(f, "%d threads would share %d processors; set OMP_NUM_THREADS to %d", threads,
                m->allowed, m->allowed);
}

static void find_limits(findings *f)
{
    const lar_machine *m = &f->machine;
    char words[LAR_BYTES_WORDS];
    if (m->instructions.length == 0 || !strstr(lar_text_get(&m->instructions), "avx2"))
        problem(f, "this processor has no AVX2; training will be slow");
    lar_bytes_words(words, m->memory.available);
    if (m->memory.available > 0 && m->memory.available < 2e9)
        problem(f, "only %s of memory can be had; close what else runs, or train on less at once",
                words);
    lar_bytes_words(words, m->disk_here);
    if (m->disk_here >= 0 && m->disk_here < 1e9)
        problem(f, "only %s are free in this folder; prepared scans may not fit", words);
    if (access(".", W_OK) != 0) problem(f, "this folder cannot be written to; change to another");
    if (access(m->temporary, W_OK) != 0)
        problem(f, "'%s' cannot be written to; set TMPDIR to a folder that can", m->temporary);
    if (!m->has_font)
        problem(f, "no font is installed, so figures have poor labels; install fonts-dejavu-core");
}

static void add_size(lar_text *out, double bytes)
{
    char words[LAR_BYTES_WORDS];
    lar_bytes_words(words, bytes);
    if (bytes < 0)
        lar_text_add(out, "unknown");
    else
        lar_text_add(out, "%s", words);
}

static void add_text(lar_text *out, const findings *f)
{
    const lar_machine *m = &f->machine;
    lar_text_add(out, "larmor       %s, built by %s\n", lar_version(), LARMOR_COMPILER);
    lar_text_add(out, "libraries    %s\n", lar_text_get(&f->libraries));
    lar_text_add(out, "processor    %s (%s)\n", *m->processor ? m->processor : "unknown",
                 m->instructions.length ? lar_text_get(&m->instructions) : "none of AVX2, AVX-512");
    lar_text_add(out, "backends     %s\n", lar_text_get(&f->backends));
    lar_text_add(out, "precisions   %s\n", lar_text_get(&f->precisions));
    lar_text_add(out, "threads      %d (%s)\n", lar_threads_get(), lar_text_get(&f->threads));
    lar_text_add(out, "memory       ");
    add_size(out, m->memory.free);
    lar_text_add(out, " free of ");
    add_size(out, m->memory.total);
    if (m->memory.limit > 0) {
        lar_text_add(out, ", limited to ");
        add_size(out, m->memory.limit);
    }
    lar_text_add(out, "\ndisk         ");
    add_size(out, m->disk_here);
    lar_text_add(out, " free here, ");
    add_size(out, m->disk_temporary);
    lar_text_add(out, " in %s\n", m->temporary);
    lar_text_add(out, "fonts        %s\n", m->has_font ? "found" : "none");
    lar_text_add(out, "formats      %s\n", lar_text_get(&f->formats));
    lar_text_add(out, "programs     %s\n", lar_text_get(&f->programs));
    lar_text_add(out, "viewer       %s\n", lar_text_get(&f->viewer));
    lar_text_add(out, "normalizers  %s\n", lar_text_get(&f->normalizers));
    if (f->problem_count == 0) lar_text_add(out, "\nno problem found\n");
    for (int n = 0; n < f->problem_count; n++)
        lar_text_add(out, "%s- %s\n", n ? "" : "\nproblems\n", lar_text_get(&f->problems[n]));
}

static lar_status add_json(lar_text *out, const findings *f)
{
    const lar_machine *m = &f->machine;
    json_t *problems = json_array();
    for (int n = 0; n < f->problem_count; n++)
        json_array_append_new(problems, json_string(lar_text_get(&f->problems[n])));
    json_t *root =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:i, s:i, s:f, s:f, s:f, s:f, "
                  "s:f, s:f, s:b, "
                  "s:s, s:s, s:s, s:s, s:o}",
                  "version", lar_version(), "compiler", LARMOR_COMPILER, "libraries",
                  lar_text_get(&f->libraries), "processor", m->processor, "instructions",
                  lar_text_get(&m->instructions), "backends", lar_text_get(&f->backends),
                  "precisions", lar_text_get(&f->precisions), "threads", lar_threads_get(),
                  "threads_from", lar_text_get(&f->threads), "processors", m->processors,
                  "processors_allowed", m->allowed, "processors_granted", m->quota, "memory_bytes",
                  m->memory.total, "memory_free_bytes", m->memory.free, "memory_limit_bytes",
                  m->memory.limit, "disk_here_bytes", m->disk_here, "disk_temporary_bytes",
                  m->disk_temporary, "fonts", m->has_font, "formats", lar_text_get(&f->formats),
                  "programs", lar_text_get(&f->programs), "viewer", lar_text_get(&f->viewer),
                  "normalizers", lar_text_get(&f->normalizers), "problems", problems);
    char *text = root ? json_dumps(root, JSON_INDENT(4)) : NULL;
    json_decref(root);
    if (!text) return lar_fail(LAR_EMEMORY, "out of memory");
    lar_text_add(out, "%s\n", text);
    free(text);
    return LAR_OK;
}

static lar_status doctor_run(lar_call *call)
{
    lar_status status = LAR_OK;
    lar_text text = { 0 };
    findings f = { 0 };

    LAR_TRY(lar_machine_ask(&f.machine));
    find_libraries(&f);
    find_tables(&f);
    find_programs(&f);
    find_viewer(&f);
    find_backends(&f);
    find_threads(&f, call->threads_asked);
    find_limits(&f);
    if (call->json)
        LAR_TRY(add_json(&text, &f));
    else
        add_text(&text, &f);
    LAR_TRY(lar_cli_print(lar_text_get(&text)));
done:
    for (int n = 0; n < f.problem_count; n++) lar_text_clear(&f.problems[n]);
    lar_text_clear(&f.libraries);
    lar_text_clear(&f.threads);
    lar_text_clear(&f.formats);
    lar_text_clear(&f.programs);
    lar_text_clear(&f.viewer);
    lar_text_clear(&f.normalizers);
    lar_text_clear(&f.backends);
    lar_text_clear(&f.precisions);
    lar_machine_clear(&f.machine);
    lar_text_clear(&text);
    return status;
}

const lar_command lar_command_doctor = {
    .name = "doctor",
    .group = "the rest",
    .summary = "tell what this build and this machine can do",
    .about = "Prints versions, the processor's instructions, how many threads would be used and "
             "why, free memory and disk, and which formats, normalizers, backends and precisions "
             "there are, the programs that read DICOM and MINC, and what larmor view draws with. "
             "What may be in the way is named at the end, with what to do about it. Problems do "
             "not change the exit status.",
    .json = true,
    .examples = (const lar_example[]){ { "larmor doctor", "on this machine" },
                                       { "larmor doctor --json", "the same, for a program" },
                                       { NULL, NULL } },
    .run = doctor_run,
};
