/* Weights that others published, as models of larmor's: known by the SHA-256 of the file, so that
 * what a byte stands for is beyond doubt. Adding one is a row of the table, and its layout.
 * SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"
#include "brain/brain.h"
#include "codec/codec.h"
#include "net/net.h"

#define MIT(holder)                                                                                \
    "MIT\n" holder "\n\n"                                                                          \
    "Permission is hereby granted, free of charge, to any person obtaining a copy\n"               \
    "of this software and associated documentation files (the \"Software\"), to deal\n"            \
    "in the Software without restriction, including without limitation the rights\n"               \
    "to use, copy, modify, merge, publish, distribute, sublicense, and/or sell\n"                  \
    "copies of the Software, and to permit persons to whom the Software is\n"                      \
    "furnished to do so, subject to the following conditions:\n\n"                                 \
    "The above copyright notice and this permission notice shall be included in all\n"             \
    "copies or substantial portions of the Software.\n\n"                                          \
    "THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR\n"               \
    "IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,\n"                   \
    "FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE\n"                \
    "AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER\n"                     \
    "LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,\n"              \
    "OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE\n"              \
    "SOFTWARE.\n"

typedef struct known {
    const char *sha256;
    size_t bytes;
    const char *file, *name, *about, *cite, *licence, *origin;
    int64_t channels, dilations[5], repeat; /* of a MeshNet, kernels of 3 */
    lar_strip_recipe recipe;
} known;

static const known table[] = {
    { .sha256 = "c9a01490fe2d13acc1515fd019b69db176ebe6f40c9b84aeb77f25acbc2ee0f3",
      .bytes = 584948,
      .file = "model.bin",
      .name = "mindgrab",
      .about = "brains in MR of any contrast, by dilated convolutions",
      .cite = "Fani 2025, MindGrab for BrainChop, arXiv:2506.11860",
      .licence = MIT("Copyright (c) 2021 neuroneural/brainchop"),
      .origin = "public/models/mindgrab/model.bin of https://github.com/neuroneural/brainchop",
      .channels = 15,
      .dilations = { 16, 8, 4, 2, 1 },
      .repeat = 5,
      .recipe = { .spacing_mm = 1,
                  .axes = "LIA",
                  .margin_mm = 20,
                  .low = 0.02,
                  .high = 0.98,
                  .hounsfield = { 2, { 0, 100 } } } },
};
enum { KNOWN = sizeof table / sizeof *table };

/* ---- layout ------------------------------------------------------------------------------ */

/* Little-endian, whatever this machine is. */
static float value_at(const char *bytes, int64_t n)
{
    const unsigned char *b = (const unsigned char *)bytes + 4 * n;
    const uint32_t bits =
        (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* One after another, the kernels as [di][dj][dk][in][out] with i the fastest axis of the image, and
 * ours as [out][in][dk][dj][di]; last [in][2], and two biases. Of the two channels, rest and brain,
 * the difference is kept: it is above 0 where the second is the larger. */
static lar_status take_weights(struct lar_net *net, const known *k, const char *bytes)
{
    int64_t count, at = 0;
    const lar_net_param *params = lar_net_params(net, &count);
    for (int64_t n = 0; n < count; n++) {
        const lar_net_param *p = &params[n];
        float *to = lar_net_weights(net) + p->offset;
        const bool last = lar_text_starts(p->name, "last.");
        const int64_t out = p->size[0], in = p->dims == 5 ? p->size[1] : 1;
        for (int64_t c = 0; last && c < in; c++)
            to[c] = value_at(bytes, at + 2 * c + 1) - value_at(bytes, at + 2 * c);
        for (int64_t v = 0; !last && v < p->count; v++) {
            const int64_t di = v % 3, dj = v / 3 % 3, dk = v / 9 % 3, c = v / 27 % in;
            const int64_t tap = (di * 3 + dj) * 3 + dk;
            to[v] = value_at(bytes, at + (tap * in + c) * out + v / 27 / in);
        }
        at += last ? 2 * in : p->count;
    }
    if ((size_t)at * 4 != k->bytes)
        return lar_fail(LAR_EINTERNAL, "'%s' holds %lld values, the network %lld", k->file,
                        (long long)k->bytes / 4, (long long)at);
    return LAR_OK;
}

static lar_status build(lar_strip_model *m, const known *k, const char *bytes)
{
    lar_status status = LAR_OK;
    m->network = lar_network_default();
    LAR_TRY(lar_param_set(lar_param_find(lar_network_table, "name"), &m->network, "meshnet", "name",
                          m->arena));
    m->network.channels = k->channels;
    m->network.repeat = k->repeat;
    m->network.dilations.count = 5;
    memcpy(m->network.dilations.at, k->dilations, sizeof k->dilations);
    m->network.activation = LAR_GELU;
    m->network.norm = LAR_NORMS_INSTANCE;
    m->network.plain = true;
    m->recipe = k->recipe;
    m->name = k->name;
    m->about = k->about;
    m->cite = k->cite;
    m->licence = k->licence;
    m->origin = k->origin;
    m->origin_file = lar_arena_format(m->arena, "%s %s", k->file, k->sha256);
    if (!m->origin_file) return LAR_EMEMORY;
    LAR_TRY(lar_network_build(&m->net, &m->network, 1, 1, 0));
    LAR_TRY(take_weights(m->net, k, bytes));
    const lar_bytes all = { lar_net_weights(m->net),
                            (size_t)lar_net_weight_count(m->net) * sizeof(float) };
    lar_sha256(m->sha256, &all, 1);
done:
    return status;
}

/* ---- import ------------------------------------------------------------------------------ */

lar_status lar_strip_model_lay_out(lar_strip_model **out, int64_t row, const char *bytes,
                                   size_t count)
{
    lar_status status = LAR_OK;
    const known *k = &table[row];
    lar_strip_model *m = NULL;

    *out = NULL;
    if (count != k->bytes)
        return lar_fail(LAR_EFORMAT, "%zu bytes cannot be '%s' of '%s', which has %zu", count,
                        k->file, k->name, k->bytes);
    m = lar_alloc(1, sizeof *m);
    if (!m) return LAR_EMEMORY;
    LAR_TRY(lar_arena_new(&m->arena));
    LAR_TRY(build(m, k, bytes));
    *out = m;
    m = NULL;
done:
    lar_strip_model_free(m);
    return status;
}

lar_status lar_strip_model_import(lar_strip_model **out, const char *bytes, size_t count,
                                  const char *shown)
{
    char found[LAR_SHA256_ROOM];
    *out = NULL;
    lar_sha256(found, &(lar_bytes){ bytes, count }, 1);
    for (int64_t n = 0; n < KNOWN; n++)
        if (lar_text_is(found, table[n].sha256))
            return lar_strip_model_lay_out(out, n, bytes, count);
    lar_fail(LAR_EFORMAT,
             "'%s' is no file of weights that larmor knows: it has %zu bytes and the SHA-256 %s",
             shown, count, found);
    return lar_hint(LAR_EFORMAT, "%s: %zu bytes, SHA-256 %s", table[0].origin, table[0].bytes,
                    table[0].sha256);
}
