/* Moving voxels: what is brought into a tensor comes out again, and parts of channels lie where
 * they are looked for. SPDX-License-Identifier: Apache-2.0 */
#include "tensors.h"

static float *volume(int64_t voxels, uint64_t stream)
{
    float *v = lar_alloc(voxels, sizeof *v);
    assert_non_null(v);
    for (int64_t n = 0; n < voxels; n++) v[n] = quarter(stream, n);
    return v;
}

static void volumes_come_back(void **state)
{
    (void)state;
    for (int block = 1; block <= 16; block *= 2)
        for (int type = 0; type < 2; type++) {
            const lar_layout l = { 2, block == 1 ? 3 : 2 * block, 70001, block,
                                   (lar_precision)type };
            void *t = tensor_new(&l);
            float *back = lar_alloc(l.voxels, sizeof *back);
            assert_non_null(back);
            for (int64_t n = 0; n < l.batch; n++)
                for (int64_t c = 0; c < l.channels; c++) {
                    float *v = volume(l.voxels, (uint64_t)(n * l.channels + c));
                    lar_cpu_upload(&l, t, n, c, v);
                    assert_true(voxel_at(l.type, t, voxel_index(&l, n, c, 70000)) == v[70000]);
                    lar_free(v);
                }
            for (int64_t n = 0; n < l.batch; n++)
                for (int64_t c = 0; c < l.channels; c++) {
                    float *v = volume(l.voxels, (uint64_t)(n * l.channels + c));
                    lar_cpu_download(&l, t, n, c, back);
                    assert_memory_equal(back, v, (size_t)l.voxels * sizeof *v);
                    lar_free(v);
                }
            lar_free(t);
            lar_free(back);
        }
}

/* Slices of whole blocks and, in planar tensors, of any channels; what lies beside stays. */
static void parts_lie_in_their_place(void **state)
{
    (void)state;
    for (int block = 1; block <= 16; block *= 2)
        for (int type = 0; type < 2; type++)
            for (int64_t offset = 0; offset < 2; offset++) {
                /* the second time not at the border of a block */
                const int64_t first = block == 1 ? 1 + offset : block + offset * block / 2;
                const lar_layout whole = { 3, 4 * block, 37, block, (lar_precision)type };
                const lar_layout part = { 3, 2 * block, 37, block, (lar_precision)type };
                void *from = quarters(&whole, 1), *to = quarters(&whole, 2);
                void *before = quarters(&whole, 2), *cut = tensor_new(&part);
                lar_cpu_slice(&part, cut, from, whole.channels, first);
                lar_cpu_join(&part, to, cut, whole.channels, first);
                for (int64_t n = 0; n < whole.batch; n++)
                    for (int64_t c = 0; c < whole.channels; c++)
                        for (int64_t v = 0; v < whole.voxels; v++) {
                            const int64_t at = voxel_index(&whole, n, c, v);
                            const bool inside = c >= first && c < first + part.channels;
                            const void *expected = inside ? from : before;
                            assert_true(voxel_at(whole.type, to, at) ==
                                        voxel_at(whole.type, expected, at));
                            if (inside)
                                assert_true(
                                    voxel_at(part.type, cut, voxel_index(&part, n, c - first, v)) ==
                                    voxel_at(whole.type, from, at));
                        }
                lar_free(from);
                lar_free(to);
                lar_free(before);
                lar_free(cut);
            }
}

static void layouts_have_sizes(void **state)
{
    const lar_layout l = { 2, 48, 1000, 16, LAR_FLOAT32 };
    lar_layout half = l;
    (void)state;
    half.type = LAR_BFLOAT16;
    assert_int_equal(lar_layout_count(&l), 96000);
    assert_int_equal(lar_layout_bytes(&l), 384000);
    assert_int_equal(lar_layout_bytes(&half), 192000);
    assert_string_equal(lar_precision_names[LAR_BFLOAT16], "bfloat16");
}

/* A backend names the blocks that it can run, and does, in either precision. */
static void backends_run_what_they_promise(void **state)
{
    const lar_backend *backend;
    int block = 0, tried = 0;
    (void)state;
    CHECK_FAILS(lar_backend_find(&backend, "abacus", LAR_FLOAT32), LAR_EUNSUPPORTED, "'abacus'");
    for (int b = 0; lar_backends[b]; b++)
        for (int type = 0; type < 2; type++) {
            if (lar_backends[b]->block(&block, (lar_precision)type) != LAR_OK) continue;
            CHECK_OK(lar_backend_find(&backend, lar_backends[b]->name, (lar_precision)type));
            assert_ptr_equal(backend, lar_backends[b]);
            const lar_layout l = { 2, 2 * block, 301, block, (lar_precision)type };
            void *source = quarters(&l, 1), *fast = backend->memory_new(lar_layout_bytes(&l));
            void *plain = tensor_new(&l);
            assert_non_null(fast);
            const lar_value value = { 1, { { source, NULL, NULL, 0.5f, 1 } } };
            backend->evaluate(&l, fast, &value);
            lar_plain_evaluate(&l, plain, &value);
            same_tensor(&l, fast, plain);
            const lar_layer layer = { .kind = LAR_LAYER_NEAREST,
                                      .in = l,
                                      .out = l,
                                      .size = { 1, 7, 43 },
                                      .out_size = { 1, 7, 43 },
                                      .stride = { 1, 1, 1 } };
            backend->layer_forward(&layer, source, fast);
            same_tensor(&l, fast, source);
            lar_free(source);
            backend->memory_free(fast);
            lar_free(plain);
            tried++;
        }
    assert_true(tried >= 2); /* the plain one runs anywhere */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(volumes_come_back),
        cmocka_unit_test(parts_lie_in_their_place),
        cmocka_unit_test(layouts_have_sizes),
        cmocka_unit_test(backends_run_what_they_promise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
