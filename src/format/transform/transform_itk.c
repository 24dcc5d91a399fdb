/* ITK's text form of transforms (.txt, .tfm): a kind, its parameters, and the fixed centre that its
 * matrix turns about, in LPS. Several stand in one file where a composite transform comes first.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "format/transform/transform.h"

static const char *const suffixes[] = { ".txt", ".tfm", NULL };
static const char head[] = "#Insight Transform File";

static bool sniff(const lar_source *source)
{
    return source->head_count >= strlen(head) && memcmp(source->head, head, strlen(head)) == 0;
}

/* What follows `key` in a line, or NULL. */
static char *after(char *line, const char *key)
{
    if (!lar_text_starts(line, key)) return NULL;
    line += strlen(key);
    return line + strspn(line, " \t");
}

static int64_t count_transforms(const char *text)
{
    int64_t count = 0;
    for (const char *at = text; (at = strstr(at, "Transform:")); at++) count++;
    return count;
}

static lar_status read(lar_affine **out, int64_t *count, char *text, size_t length,
                       const char *path, const lar_transform_use *use)
{
    (void)length, (void)use;
    lar_status status = LAR_OK;
    bool composite = false;
    lar_itk_transform *all = lar_alloc(count_transforms(text), sizeof *all);
    lar_affine *affines = lar_alloc(count_transforms(text), sizeof *affines);
    int64_t found = 0;
    *out = NULL;
    *count = 0;
    if (!all || !affines) {
        status = LAR_EMEMORY;
        goto done;
    }
    for (char *line; (line = lar_next_line(&text));) {
        char *rest;
        lar_itk_transform *now = found ? &all[found - 1] : NULL;
        if ((rest = after(line, "Transform:"))) {
            if (found == 0 && !composite && lar_itk_is_kind(rest, "CompositeTransform"))
                composite = true;
            else
                all[found++] = (lar_itk_transform){ .kind = rest, .count = -1, .fixed_count = -1 };
        } else if (now && (rest = after(line, "Parameters:"))) {
            LAR_TRY(
                lar_line_numbers(now->parameters, &now->count, LAR_ITK_PARAMETERS_MAX, rest, path));
        } else if (now && (rest = after(line, "FixedParameters:"))) {
            LAR_TRY(lar_line_numbers(now->fixed, &now->fixed_count, LAR_ITK_FIXED_MAX, rest, path));
        }
    }
    if (found == 0 || (found > 1 && !composite)) {
        status = lar_fail(LAR_EFORMAT,
                          "'%s' holds %lld transforms, expected one, or a composite of several",
                          path, (long long)found);
        goto done;
    }
    for (int64_t n = 0; n < found; n++) LAR_TRY(lar_itk_affine(&affines[n], &all[n], path));
    *out = affines;
    *count = found;
    affines = NULL;
done:
    lar_free(affines);
    lar_free(all);
    return status;
}

static void write(lar_text *out, const lar_affine *fixed_to_moving, const lar_grid *fixed,
                  const lar_grid *moving)
{
    (void)fixed, (void)moving;
    double parameters[12];
    lar_itk_parameters(parameters, fixed_to_moving);
    lar_text_add(out,
                 "%s V1.0\n#Transform 0\nTransform: AffineTransform_double_3_3\nParameters:", head);
    for (int n = 0; n < 12; n++) {
        lar_text_add(out, " ");
        lar_add_number(out, parameters[n]);
    }
    lar_text_add(out, "\nFixedParameters: 0 0 0\n");
}

const lar_transform_format lar_transform_itk = {
    .name = "an ITK text transform",
    .suffixes = suffixes,
    .sniff = sniff,
    .read = read,
    .write = write,
};
