/* A network as a list of layers, read in order: each reads the one above, or the one that it names.
 * A mistake is told with the row that has it, before any weight exists.
 * SPDX-License-Identifier: Apache-2.0 */
#include "net/layer_list.h"

#include "net/graph.h"

enum { BIAS_AUTO, BIAS_YES, BIAS_NO };
enum { ABOVE = -2, INPUT = -1 }; /* beside numbers of rows */

/* The row, or INPUT, that a name stands for, among those above `row`. */
static lar_status find(int64_t *out, const lar_layer_list *list, int64_t row, const char *name)
{
    if (lar_text_is(name, "input")) {
        *out = INPUT;
        return LAR_OK;
    }
    for (int64_t n = 0; n < row; n++)
        if (lar_text_is(list->rows[n].params.name, name)) {
            *out = n;
            return LAR_OK;
        }
    lar_text names = { 0 };
    for (int64_t n = 0; n < row; n++)
        if (list->rows[n].params.name) lar_text_add(&names, " %s", list->rows[n].params.name);
    lar_fail(LAR_EARGUMENT, "no layer above is named '%s'", name);
    lar_hint(LAR_EARGUMENT, "one of input%s, or 'name: %s' for the layer that is meant",
             lar_text_get(&names), name);
    lar_text_clear(&names);
    return LAR_EARGUMENT;
}

/* What a row reads: from[0], and from[1] where its kind takes a second one. */
static lar_status sources(int64_t from[2], const lar_layer_list *list, int64_t row)
{
    lar_status status = LAR_OK;
    const lar_listed *l = &list->rows[row];
    const lar_param *second = lar_param_find(l->kind->table, "with");
    if (!second) second = lar_param_find(l->kind->table, "like");
    from[0] = row - 1;
    from[1] = ABOVE;
    if (l->params.from) LAR_TRY(find(&from[0], list, row, l->params.from));
    if (second && !l->params.other) {
        lar_fail(LAR_EARGUMENT, "'%s' needs '%s', %s", l->kind->name, second->name, second->help);
        status = lar_hint(LAR_EARGUMENT, "%s: {%s: input}, or the name of a layer above",
                          l->kind->name, second->name);
    } else if (second) {
        status = find(&from[1], list, row, l->params.other);
    }
done:
    return status;
}

static bool needs_other(const lar_listed *l)
{
    return lar_param_find(l->kind->table, "with") != NULL; /* `like` takes the size alone */
}

static lar_status check_names(const lar_layer_list *list, int64_t row)
{
    const char *name = list->rows[row].params.name;
    if (lar_text_is(name, "input"))
        return lar_fail(LAR_EARGUMENT, "no layer may be named 'input': the images are");
    for (int64_t n = 0; n < row && name; n++)
        if (lar_text_is(list->rows[n].params.name, name))
            return lar_fail(LAR_EARGUMENT, "a layer above is named '%s' already, in line %lld",
                            name, (long long)list->rows[n].line);
    return LAR_OK;
}

/* A bias that norms over single channels take away again is left out. */
static bool feeds_norm_alone(const lar_layer_list *list, int64_t row)
{
    enum { GROUP = 2 }; /* of the kinds of norms */
    int64_t from[2], readers = 0, norms = 0;
    for (int64_t n = row + 1; n < list->count; n++) {
        if (sources(from, list, n) != LAR_OK) return false;
        for (int s = 0; s < 2; s++) {
            if (from[s] != row || (s == 1 && !needs_other(&list->rows[n]))) continue;
            readers++;
            norms +=
                lar_text_is(list->rows[n].kind->name, "norm") && list->rows[n].params.kind != GROUP;
        }
    }
    return readers > 0 && readers == norms;
}

static lar_status check_read(const lar_layer_list *list, int64_t *layer)
{
    int64_t from[2];
    for (*layer = 0; *layer < list->count - 1; ++*layer) {
        bool read = false;
        for (int64_t n = *layer + 1; n < list->count && !read; n++) {
            const lar_status status = sources(from, list, n);
            if (status != LAR_OK) return status;
            read = from[0] == *layer || (from[1] == *layer && needs_other(&list->rows[n]));
        }
        if (read) continue;
        lar_fail(LAR_EARGUMENT, "no layer reads this one");
        return lar_hint(LAR_EARGUMENT,
                        "a name for it and 'from: NAME' in a later layer, or leaving it out");
    }
    return LAR_OK;
}

/* The sentence where the last layer has two sides. */
static void unequal(const lar_net *net, int64_t (*sizes)[3])
{
    const net_node *node = &net->nodes[net->node_count - 1];
    const int other = node->like >= 0 ? node->like : node->b;
    if (other < 0) return;
    const int64_t *a = sizes[node->a], *b = sizes[other];
    lar_fail(LAR_EGEOMETRY, "%lld x %lld x %lld voxels %s %lld x %lld x %lld", (long long)a[2],
             (long long)a[1], (long long)a[0],
             node->like >= 0 ? "cannot grow by this factor to" : "cannot meet", (long long)b[2],
             (long long)b[1], (long long)b[0]);
}

/* Sizes so far, for an even volume and an odd one: what was added last has to fit both. */
static lar_status check_sizes(const lar_net *net, bool last)
{
    lar_status status = LAR_OK;
    static const int64_t edges[2] = { 48, 61 };
    int64_t(*sizes)[3] = lar_alloc(net->node_count, sizeof *sizes);
    if (!sizes) return LAR_EMEMORY;
    for (int e = 0; e < 2 && status == LAR_OK; e++) {
        const int64_t input[3] = { edges[e], edges[e], edges[e] };
        const int64_t *end = sizes[net->node_count - 1];
        status = lar_net_sizes(net, input, sizes);
        if (status != LAR_OK) {
            unequal(net, sizes);
            lar_hint(status,
                     "layers of equal size on both sides, which 'like' gives; here the "
                     "input was one of %lld x %lld x %lld voxels",
                     (long long)input[0], (long long)input[1], (long long)input[2]);
        } else if (last && memcmp(end, input, sizeof input) != 0) {
            lar_fail(LAR_EARGUMENT,
                     "the last layer gives %lld x %lld x %lld voxels where the input has %lld x "
                     "%lld x %lld; the two have to be equal",
                     (long long)end[2], (long long)end[1], (long long)end[0], (long long)input[2],
                     (long long)input[1], (long long)input[0]);
            status = lar_hint(LAR_EARGUMENT,
                              "'upsample: {like: input}' where layers made it smaller, and padding "
                              "other than none");
        }
    }
    lar_free(sizes);
    return status == LAR_EGEOMETRY ? LAR_EARGUMENT : status;
}

static lar_status add_row(lar_node *out, lar_net *net, const lar_layer_list *list, int64_t row,
                          const lar_node *nodes, lar_node input)
{
    lar_status status = LAR_OK;
    const lar_listed *l = &list->rows[row];
    lar_listed_params params = l->params;
    int64_t from[2];
    lar_node read[2] = { { -1 }, { -1 } };
    char name[96];

    LAR_TRY(check_names(list, row));
    LAR_TRY(sources(from, list, row));
    for (int s = 0; s < 2; s++)
        if (from[s] != ABOVE) read[s] = from[s] == INPUT ? input : nodes[from[s]];
    snprintf(name, sizeof name, "%lld.%s", (long long)row + 1, l->kind->name);
    if (params.bias == BIAS_AUTO) params.bias = feeds_norm_alone(list, row) ? BIAS_NO : BIAS_YES;
    *out = l->kind->add(net, read[0], read[1], params.name ? params.name : name, &params);
    if (net->failed != LAR_OK) status = lar_fail(net->failed, "%s", net->sentence);
done:
    return status;
}

lar_status lar_layers_build(lar_net *net, const lar_layer_list *list, int64_t inputs,
                            int64_t outputs, int64_t *layer)
{
    lar_status status = LAR_OK;
    lar_node *nodes = NULL;

    *layer = 0;
    if (list->count < 1 || list->count > LAR_NET_NODES)
        return lar_fail(LAR_EARGUMENT, "a network has 1 to %d layers, not %lld", LAR_NET_NODES,
                        (long long)list->count);
    nodes = lar_alloc(list->count, sizeof *nodes);
    if (!nodes) return LAR_EMEMORY;
    const lar_node input = lar_net_input(net, inputs);
    for (*layer = 0; *layer < list->count; ++*layer) {
        LAR_TRY(add_row(&nodes[*layer], net, list, *layer, nodes, input));
        LAR_TRY(check_sizes(net, *layer == list->count - 1));
    }
    const int64_t found = lar_net_channels(net, nodes[list->count - 1]);
    if (found != outputs) {
        *layer = list->count - 1;
        lar_fail(LAR_EARGUMENT, "the last layer gives %lld channel%s, but there %s %lld target%s",
                 (long long)found, found == 1 ? "" : "s", outputs == 1 ? "is" : "are",
                 (long long)outputs, outputs == 1 ? "" : "s");
        status = lar_hint(LAR_EARGUMENT, "'- linear: %lld' as the last layer", (long long)outputs);
        goto done;
    }
    LAR_TRY(check_read(list, layer));
    *layer = -1;
    lar_net_output(net, nodes[list->count - 1]);
    if (net->failed != LAR_OK) status = lar_fail(net->failed, "%s", net->sentence);
done:
    lar_free(nodes);
    return status;
}

void lar_layers_describe(lar_text *out, const lar_layer_list *list)
{
    for (int64_t n = 0; n < list->count; n++) {
        const lar_listed *l = &list->rows[n];
        const lar_param *tables[2] = { lar_listed_table, l->kind->table };
        lar_text_add(out, "network layer %lld: %s", (long long)n + 1, l->kind->name);
        for (int t = 0; t < 2; t++)
            for (const lar_param *p = tables[t]; p->name; p++) {
                lar_text_add(out, ", %s ", p->name);
                lar_param_get(out, p, &l->params);
            }
        lar_text_add(out, "\n");
    }
}
