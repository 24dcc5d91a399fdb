/* A chain as one displacement field.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "image/image.h"
#include "space/space.h"

enum { ROWS = 32 };

typedef struct work {
    const lar_chain *chain;
    lar_image *field;
} work;

static lar_status fill_rows(void *arg, int64_t piece, int64_t begin, int64_t end)
{
    (void)piece;
    const work *w = arg;
    const lar_grid *grid = &w->field->grid;
    const int64_t row = grid->size[0], volume = lar_image_voxel_count(w->field);
    double *at = lar_alloc_raw(3 * row, sizeof *at);
    if (!at) return LAR_EMEMORY;
    for (int64_t n = begin; n < end; n++) {
        const double j = (double)(n % grid->size[1]), k = (double)(n / grid->size[1]);
        for (int64_t i = 0; i < row; i++) {
            double xyz[3];
            lar_grid_to_world(grid, (const double[3]){ (double)i, j, k }, xyz);
            for (int r = 0; r < 3; r++) at[r * row + i] = xyz[r];
        }
        lar_chain_move(w->chain, at, at + row, at + 2 * row, row);
        float *out = (float *)w->field->voxels + n * row;
        for (int64_t i = 0; i < row; i++) {
            double xyz[3];
            lar_grid_to_world(grid, (const double[3]){ (double)i, j, k }, xyz);
            for (int r = 0; r < 3; r++) out[r * volume + i] = (float)(at[r * row + i] - xyz[r]);
        }
    }
    lar_free(at);
    return LAR_OK;
}

lar_status lar_chain_to_field(lar_image **out, const lar_chain *chain, const lar_grid *onto)
{
    lar_status status = LAR_OK;
    lar_image *field = NULL;
    *out = NULL;
    LAR_TRY(lar_image_new(&field, onto, 3, LAR_F32));
    LAR_TRY(lar_parallel(onto->size[1] * onto->size[2], ROWS, fill_rows,
                         &(work){ .chain = chain, .field = field }));
    *out = field;
    field = NULL;
done:
    lar_image_free(field);
    return status;
}
