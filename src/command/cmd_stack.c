/* larmor stack: slices back to a volume.
 * SPDX-License-Identifier: Apache-2.0 */
#include "command/command.h"
#include "format/format.h"
#include "image/image.h"

typedef struct options {
    lar_stack_params stack;
    const char *output;
    bool force;
} options;

static const lar_param files[] = {
    LAR_P_TEXT(
        options, output, "output", 'o', "", "path",
        "the image to write, or a folder (one that exists, or a name that ends in /) for one "
        "image or several"),
    LAR_P_FLAG(options, force, "force", 'f', "replace an output that exists"),
    LAR_P_END,
};

/* A slice, and the volume that its name says: a/sub-01 of a/sub-01_z012.tif; "" where it says none.
 */
typedef struct slice {
    const char *path, *volume;
} slice;

typedef struct slices {
    slice *at;
    int64_t count, room;
} slices;

static lar_status add(slices *all, lar_arena *arena, const char *path)
{
    int length = 0;
    if (!path) return LAR_EMEMORY;
    if (all->count == all->room) {
        const int64_t room = all->room ? 2 * all->room : 256;
        slice *more = lar_arena_take(arena, room, sizeof *more);
        if (!more) return LAR_EMEMORY;
        if (all->count) memcpy(more, all->at, (size_t)all->count * sizeof *more);
        all->at = more;
        all->room = room;
    }
    const bool named = lar_slice_name(path, &length);
    const char *volume = lar_arena_format(
        arena, "%.*s", named ? (int)(lar_path_name(path) - path) + length : 0, path);
    if (!volume) return LAR_EMEMORY;
    all->at[all->count++] = (slice){ path, volume };
    return LAR_OK;
}

static lar_status add_folder(slices *all, lar_arena *arena, const char *folder)
{
    lar_status status = LAR_OK;
    lar_texts names;
    const int64_t before = all->count;
    LAR_TRY(lar_folder_list(&names, folder, arena));
    for (int64_t n = 0; n < names.count; n++)
        if (lar_text_ends(names.at[n], ".tif") || lar_text_ends(names.at[n], ".tiff") ||
            lar_text_ends(names.at[n], ".png"))
            LAR_TRY(add(all, arena, lar_path_join(arena, folder, names.at[n])));
    if (all->count == before)
        return lar_fail(LAR_ENOINPUT, "there is no TIFF or PNG file in the folder '%s'", folder);
done:
    return status;
}

static int by_volume(const void *a, const void *b)
{
    const slice *x = a, *y = b;
    const int order = lar_text_order(x->volume, y->volume);
    return order ? order : lar_text_order(x->path, y->path);
}

/* How many of the slices from `begin` on are of the same volume. */
static int64_t run_of(const slices *all, int64_t begin)
{
    int64_t end = begin + 1;
    while (end < all->count && lar_text_is(all->at[end].volume, all->at[begin].volume)) end++;
    return end - begin;
}

static lar_status stack_run_of(lar_call *call, const slices *all, int64_t begin, const char *output)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    lar_image *image = NULL;
    const int64_t count = run_of(all, begin);
    const char **paths = lar_arena_take(call->arena, count, sizeof *paths);
    char words[96];

    if (!paths || !output) return LAR_EMEMORY;
    for (int64_t n = 0; n < count; n++) paths[n] = all->at[begin + n].path;
    LAR_TRY(lar_stack(&image, paths, count, &o->stack));
    LAR_TRY(lar_image_write(image, output, o->force));
    lar_grid_words(&image->grid, words, sizeof words);
    lar_log(LAR_LOG_NOTE, "'%s': %lld files, %s, %s", output, (long long)count, words,
            lar_type_name(image->type));
done:
    lar_image_free(image);
    return status;
}

static lar_status several_volumes(const slices *all)
{
    lar_text list = { 0 };
    int64_t count = 0;
    for (int64_t n = 0; n < all->count; n += run_of(all, n), count++)
        if (count < 8)
            lar_text_add(&list, "%s'%s'", count ? ", " : "",
                         *all->at[n].volume ? all->at[n].volume : all->at[n].path);
    const lar_status status =
        lar_fail(LAR_EARGUMENT, "these are slices of %lld volumes: %s%s", (long long)count,
                 lar_text_get(&list), count > 8 ? " ..." : "");
    lar_text_clear(&list);
    return lar_hint(status, "-o FOLDER/ for an image of each");
}

static lar_status into_folder(lar_call *call, const slices *all)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    LAR_TRY(lar_folder_make(o->output));
    for (int64_t n = 0; n < all->count; n += run_of(all, n)) {
        const char *volume = all->at[n].volume;
        const char *name =
            lar_arena_format(call->arena, "%s.nii.gz", *volume ? lar_path_name(volume) : "stack");
        if (!name) return LAR_EMEMORY;
        if (!lar_progress_say(call->progress, name, (double)n / (double)all->count))
            return lar_fail(LAR_ESTOPPED, "stopped before '%s'", name);
        LAR_TRY(stack_run_of(call, all, n, lar_path_join(call->arena, o->output, name)));
    }
done:
    return status;
}

static lar_status stack_run(lar_call *call)
{
    lar_status status = LAR_OK;
    const options *o = call->options;
    slices all = { 0 };

    for (int64_t n = 0; n < call->arg_count; n++) {
        if (lar_path_is_folder(call->args[n]))
            LAR_TRY(add_folder(&all, call->arena, call->args[n]));
        else
            LAR_TRY(add(&all, call->arena, call->args[n]));
    }
    qsort(all.at, (size_t)all.count, sizeof *all.at, by_volume);
    if (o->output && (lar_text_ends(o->output, "/") || lar_path_is_folder(o->output)))
        return into_folder(call, &all);
    LAR_TRY(lar_cli_output(call, o->output, o->force));
    if (run_of(&all, 0) < all.count) return several_volumes(&all);
    LAR_TRY(stack_run_of(call, &all, 0, o->output));
done:
    return status;
}

const lar_command lar_command_stack = {
    .name = "stack",
    .group = "files",
    .summary = "make a volume of slices, TIFF or PNG",
    .about =
        "Slices that larmor slice wrote become the volume again: same grid, same place in the "
        "patient, same order and type of voxels; from TIFF bit for bit, from PNG to within half a "
        "grey value, and exactly where those are at most 1 apart and the values were integers. A "
        "range or every n-th slice gives that part of the volume; with --fill the whole volume, "
        "where slices were left out too. A slice that is missing, doubled, or of another volume "
        "is an error that names it. Slices of other programs are taken in the order of their "
        "names (2 before 10), their pixels as large as their resolution says, columns to the "
        "right, rows to the back and slices to the head, unless --spacing and --axes say "
        "otherwise: where they lay in the patient nobody knows. Slices that "
        "are volumes by themselves, as larmor predict writes them, are put where they lie. In a "
        "folder, slices of several "
        "volumes are told apart by their names.",
    .args = (const lar_arg[]){ { .name = "slices",
                                 .help = "TIFF or PNG files, or folders of them",
                                 .repeats = true,
                                 .is_path = true },
                               { 0 } },
    .tables = { { files, 0 }, { lar_stack_table, offsetof(options, stack) } },
    .size = sizeof(options),
    .examples = (const lar_example[]){ { "larmor stack slices/ -o t1_again.nii.gz --fill 0",
                                         "the volume that larmor slice has cut up" },
                                       { "larmor stack slices/t1_z*.tif -o t1_part.nii.gz",
                                         "the part of it that the slices cover" },
                                       { NULL, NULL } },
    .run = stack_run,
};
